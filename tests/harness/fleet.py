"""Many clients at once, in one thread: who is in, who is gone, and when."""

import select
import socket
import time

from . import raw_mqtt
from .raw_mqtt import V311


class Fleet:
    """Connections by client id. `connect` lets them in; `step` reads what came for any of them."""

    def __init__(self, port, in_flight=200):
        self.port, self.in_flight = port, in_flight
        self.poll = select.epoll()
        self.sockets, self.names, self.data = {}, {}, {}  # by client id; by file number
        self.admitted, self.gone_at = set(), {}
        self.messages = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in self.sockets.values():
            one.close()
        self.poll.close()

    def connect(self, clients, version=V311, seconds=60.0):
        """`clients`: pairs of client id and token, all of which must get in."""
        waiting, end = list(reversed(clients)), time.monotonic() + seconds
        while len(self.admitted) + len(self.gone_at) < len(clients):
            while waiting and len(self.sockets) - len(self.admitted) < self.in_flight:
                name, token = waiting.pop()
                one = socket.create_connection(("127.0.0.1", self.port), 10)
                one.sendall(raw_mqtt.connect_packet(version, name, "x", token, keepalive=600))
                one.setblocking(False)
                self.sockets[name] = one
                self.names[one.fileno()], self.data[name] = name, b""
                self.poll.register(one.fileno(), select.EPOLLIN)
            self.step(0.05)
            if time.monotonic() > end:
                raise AssertionError(f"{len(self.admitted)} of {len(clients)} got in within {seconds} s")

    def send(self, name, data):
        self.sockets[name].setblocking(True)
        self.sockets[name].sendall(data)
        self.sockets[name].setblocking(False)

    def step(self, seconds):
        for number, _ in self.poll.poll(seconds, 4096):
            name = self.names[number]
            one = self.sockets[name]
            try:
                data = one.recv(65536)
            except BlockingIOError:
                continue
            except OSError:
                data = b""
            if not data:
                self.poll.unregister(number)
                one.close()
                del self.sockets[name], self.names[number]
                self.admitted.discard(name)
                self.gone_at[name] = time.time()
                continue
            self._read(name, self.data[name] + data)

    def _read(self, name, data):
        while len(data) >= 2:
            length, shift, at = 0, 0, 1
            while at < len(data):
                length |= (data[at] & 127) << shift
                shift += 7
                at += 1
                if not data[at - 1] & 128:
                    break
            else:
                break
            if len(data) < at + length:
                break
            kind = data[0] >> 4
            if kind == raw_mqtt.CONNACK and data[at + 1] == 0:
                self.admitted.add(name)
            elif kind == raw_mqtt.PUBLISH:
                self.messages += 1
            data = data[at + length :]
        self.data[name] = data
