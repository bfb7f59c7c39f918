"""Clients of many brokers, so many a second, each with the questions that RabbitMQ asks; run as a program of its own.

storm.py ADDRESS PORT PATH SECONDS RATE BROKERS: one JSON object at the end, and "." on standard error once it runs.
Each broker asks from an address of its own and keeps a connection; what is answered wrongly, late or not at all is
told with its moment.
"""

import asyncio
import json
import sys
import time
import urllib.parse

from . import tokens

PATIENCE = 8.0


class Broker:
    def __init__(self, target, path, number):
        self.target, self.path = target, path
        self.local = (f"127.1.{number // 250}.{number % 250 + 1}", 0)
        self.idle = []  # connections that nobody uses now

    async def ask(self, question, fields):
        body = urllib.parse.urlencode(fields).encode()
        head = (
            f"POST {self.path}/{question} HTTP/1.1\r\nhost: gate\r\ncontent-type: application/x-www-form-urlencoded\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        for attempt in range(2):
            fresh = not self.idle
            if fresh:
                streams = await asyncio.open_connection(*self.target, local_addr=self.local)
            else:
                streams = self.idle.pop()
            reader, writer = streams
            try:
                writer.write(head.encode() + body)
                answer = await reader.readuntil(b"\r\n\r\n")
                status = int(answer.split(b" ", 2)[1])
                length = 0
                for line in answer.split(b"\r\n")[1:]:
                    name, _, value = line.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                text = (await reader.readexactly(length)).decode()
            except (asyncio.IncompleteReadError, ConnectionError, OSError):
                writer.close()
                # A kept connection that ends is every HTTP client's to make anew.
                if fresh or attempt:
                    raise
                continue
            self.idle.append(streams)
            return status, text
        raise ConnectionError("no answer")


class Storm:
    def __init__(self, brokers):
        self.brokers = brokers
        self.wrong, self.failed, self.times = [], [], []
        self.count = 0

    async def connect(self, number):
        broker = self.brokers[number % len(self.brokers)]
        began = time.monotonic()
        client = f"c{number}"
        who = dict(username="alice", vhost="/", client_id=client)
        topic = dict(username="alice", vhost="/", resource="topic", name="amq.topic", permission="write", tags="")
        named = {"variable_map.client_id": client, "variable_map.username": "alice", "variable_map.vhost": "/"}
        token = tokens.hs({"sub": "alice", "exp": int(time.time()) + 3600, "acl": {"pub": ["own/#"]}})
        good = number % 5 != 0
        questions = [("user", dict(who, password=token if good else tokens.changed(token)), good)]
        questions.append(("vhost", dict(who, ip="127.0.0.1", tags=""), good))
        questions.append(("topic", dict(topic, routing_key="own.a", **named), good))
        questions.append(("topic", dict(topic, routing_key="other.a", **named), False))
        try:
            for question, fields, expected in questions:
                status, text = await asyncio.wait_for(broker.ask(question, fields), PATIENCE)
                if status != 200 or text not in ("allow", "deny"):
                    self.failed.append((began, f"{question}: {status} {text[:40]}"))
                    return
                if (text == "allow") != expected:
                    self.wrong.append((time.monotonic(), f"{question} of {client}: {text}"))
                    return
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError) as error:
            self.failed.append((began, f"{type(error).__name__} {error}"[:120]))
            return
        self.times.append((began, time.monotonic() - began))

    async def run(self, seconds, rate):
        began, under_way, number = time.monotonic(), set(), 0
        while (now := time.monotonic()) < began + seconds:
            due = int((now - began) * rate)
            while number < due:
                task = asyncio.create_task(self.connect(number))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                number += 1
            await asyncio.sleep(0.005)
        while under_way:
            await asyncio.wait(under_way)
        self.count = number


async def main():
    address, port, path, seconds, rate, brokers = sys.argv[1:]
    target = (address, int(port))
    storm = Storm([Broker(target, path, number) for number in range(int(brokers))])
    print(".", file=sys.stderr, flush=True)
    await storm.run(float(seconds), float(rate))
    print(json.dumps({"asked": storm.count, "wrong": storm.wrong, "failed": storm.failed, "times": storm.times}))


if __name__ == "__main__":
    asyncio.run(main())
