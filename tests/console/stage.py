#!/usr/bin/python3
"""What the pages are tried on: a daemon with its console, a Mosquitto with the gate in it, a key server, devices.

Says one JSON object when all of it is up, then answers one for each line that comes in, and ends with its input.
"""

import http.server
import itertools
import json
import math
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from harness import broker as mosquitto, keys, machine, raw_mqtt, tokens  # noqa: E402
from harness.console import PASSWORD, Console  # noqa: E402


class KeyServer:
    """A provider that works, and addresses that do not."""

    def __init__(self):
        self.pair = keys.Pair("2026-03")
        self.next = keys.Pair("2026-09")
        stage = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/keys":
                    body, kind = keys.key_set(stage.pair.jwk(), stage.next.jwk(), stage.next.jwk(use="enc", kid="box-1")), "application/json"
                else:
                    body, kind = b"<html>sign in first</html>", "text/html"
                self.send_response(200)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.server.server_port}"


class Stage:
    def __init__(self, bare):
        self.server = KeyServer()
        self.clients = {}
        self.closed = False
        law = (
            f'[jwt]\nsecret = "{tokens.KEY}"\njwks_url = "{self.server.address}/keys"\n'
            'claims = { username = "%u" }\n[topics]\nno_match = "deny"\n'
            '[[topic_rules]]\npermission = "allow"\naction = "all"\ntopics = ["devices/%u/#"]\n'
        )
        self.console = Console(
            settings='[chain]\nno_match = "deny"\n',
            store_settings="" if bare else law,
        )
        folder = self.console.folder
        gate = self.console.daemon.gate
        text = gate.file.read_text()
        text += f'broker_sockets = ["{folder}/control.sock"]\n'
        text += f'[control]\nsocket = "{folder}/control.sock"\n[audit]\nkeep = "7d"\n'
        if not bare:
            text += '[[console.issuing]]\nname = "workshop"\nkey_file = "workshop.json"\nmax_lifetime = "8h"\n'
            secret = folder / "workshop.json"
            secret.write_text(json.dumps(self.server.pair.jwk(private=True)))
            machine.give_to_broker(secret, 0o600)
        gate.write_raw(text)
        for name in ("seal.key", "store.db"):  # one key and one store for the broker and the daemon
            if (folder / name).exists():
                machine.give_to_broker(folder / name, 0o600)
        self.broker = mosquitto.Broker(gate)
        self.broker.start()
        self.console.start()

    def token(self, subject="device-1", by="set", ttl=3600, **claims):
        claims = {"exp": int(time.time()) + ttl, "iat": int(time.time()) - 60 + min(ttl, 0), **claims}
        if by == "set":
            return self.server.pair.token(subject, **claims)
        key = tokens.KEY if by == "secret" else "another-key-that-nobody-has-configured-anywhere-0123456789abcdef"
        return tokens.hs({"sub": subject, **claims}, key=key)

    def connect(self, client_id, username=None, password=None, hold=False):
        client = raw_mqtt.Client(self.broker.port, raw_mqtt.V5)
        code = client.connect(client_id=client_id, username=username, password=password, keepalive=3600)
        if code == 0 and hold:
            self.clients[client_id] = client
        else:
            client.close()
        return code

    def fleet(self):
        """A morning of a small plant: who is in, and who is out for which reason."""
        for n in range(1, 25):
            name = f"meter-{4700 + n}"
            ttl = 5400 if n < 18 else 20000 + n * 600
            self.connect(name, name, self.token(name, ttl=ttl, username=name), hold=True)
        for n in range(1, 7):
            name = f"pump-{n}"
            for _ in range(n):
                self.connect(name, name, self.token(name, ttl=-7200, username=name))
        for n in range(1, 4):
            name = f"valve-{n}"
            self.connect(name, name, self.token(name, username="somebody-else"))
        self.connect("gauge-1", "gauge-1", self.token("gauge-1", by="nobody", username="gauge-1"))
        self.connect("old-7", "old-7", "a password that nobody knows")
        return {}

    def traffic(self):
        """About five attempts a second, of which some are refused."""
        tokens_of = {n: self.token(f"sensor-{n}", ttl=7200, username=f"sensor-{n}") for n in range(30)}
        late = self.token("pump-3", ttl=-7200, username="pump-3")
        for n in itertools.count():
            if self.closed:
                return
            try:
                if n % 7 == 0:
                    self.connect("pump-3", "pump-3", late)
                else:
                    name = f"sensor-{n % 30}"
                    self.connect(name, name, tokens_of[n % 30])
            except OSError:
                pass
            time.sleep(0.12 + 0.09 * math.sin(n / 25))

    def answer(self, ask):
        what = ask.pop("do")
        if what == "connect":
            return {"code": self.connect(**ask)}
        if what == "publish":  # as a person with the client's command does
            words = ["-h", "127.0.0.1", "-p", str(self.broker.port), "-V", "mqttv5", "-i", ask["client_id"], "-t", ask["topic"], "-m", "1"]
            done = subprocess.run(
                ["mosquitto_pub", *words, "-u", ask["username"], "-P", ask["password"]], capture_output=True, text=True, timeout=20
            )
            return {"code": done.returncode, "err": done.stderr}
        if what == "alive":
            client = self.clients.get(ask["client_id"])
            return {"alive": bool(client and client.ping())}
        if what == "token":
            return {"token": self.token(**ask)}
        if what == "cli":
            done = self.console.daemon.gate.run(*ask["words"], "--config", self.console.daemon.gate.file, stdin=ask.get("stdin"))
            return {"code": done.returncode, "out": done.stdout, "err": done.stderr}
        if what == "traffic":  # devices that come and go, until the stage ends
            threading.Thread(target=self.traffic, daemon=True).start()
            return {}
        if what == "fleet":
            return self.fleet()
        if what == "colleague":
            first = self.console.seat()
            first.sign_in("ada")
            made = first.post("/administrators", {"name": ask["name"], "role": ask["role"]})
            return {"link": self.console_address() + made.json["link"]}
        if what == "ask":  # somebody else at the same time
            seat = self.console.seat()
            seat.sign_in(ask.get("as", "ada"))
            headers = [f"if-match: {ask['etag']}"] if "etag" in ask else []
            reply = seat.ask(ask["method"], ask["path"], ask.get("body"), headers=headers, checked=False)
            return {"status": reply.status, "etag": reply.headers.get("etag"), "body": reply.json if reply.body else None}
        if what == "sign_out_everywhere":
            seat = self.console.seat()
            seat.sign_in("ada")
            return {"status": seat.delete(f"/administrators/{ask['name']}/sessions").status}
        if what == "daemon":
            if ask["state"] == "stop":
                self.console.daemon.stop()
            else:
                self.restart()
            return {}
        raise ValueError(what)

    def restart(self):
        """On the port that pages which are open know."""
        gate = self.console.daemon.gate
        gate.write_raw(gate.file.read_text().replace('[console]\nlisten = ["127.0.0.1:0"]', f'[console]\nlisten = ["{self.console.host}"]'))
        self.console.start()

    def console_address(self):
        return f"http://127.0.0.1:{self.console.port}"

    def close(self):
        self.closed = True
        for client in self.clients.values():
            client.close()
        self.console.daemon.stop()
        self.broker.stop()
        self.server.server.shutdown()
        shutil.rmtree(self.console.folder, True)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    stage = Stage(bare="--bare" in sys.argv)
    try:
        say = {"url": stage.console_address(), "link": stage.console.link(), "port": stage.broker.port, "keys": stage.server.address, "password": PASSWORD, "folder": str(stage.console.folder)}
        print(json.dumps(say), flush=True)
        for line in sys.stdin:
            try:
                print(json.dumps(stage.answer(json.loads(line))), flush=True)
            except Exception as error:
                print(json.dumps({"error": repr(error)}), flush=True)
    finally:
        stage.close()


if __name__ == "__main__":
    main()
