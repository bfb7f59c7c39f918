"""Clients by the hundred a second: an open loop, so that a broker that stalls is not asked more kindly.

Connect number k is due at start + k / rate whatever became of those before it, and what is
counted is what was offered. One thread, epoll; a client that is let in says goodbye and waits for the
broker to close, so that no port of ours lingers.
"""

import selectors
import socket
import threading
import time
from collections import namedtuple

from . import raw_mqtt
from .raw_mqtt import CLOSED, V5

Answer = namedtuple("Answer", "kind code seconds at")  # code: the CONNACK's, CLOSED, or "silent"
PATIENCE = 15.0


class _Visit:
    __slots__ = ("socket", "kind", "started", "read", "answered")

    def __init__(self, kind):
        self.kind, self.read, self.answered, self.started = kind, b"", False, time.monotonic()
        self.socket = socket.socket()
        self.socket.setblocking(False)


class Storm:
    """`choose()` gives (kind, port, token) of the next client; `answers` grows with one Answer for each."""

    def __init__(self, choose, rate=500, version=V5):
        self.choose, self.rate, self.version = choose, rate, version
        self.answers, self.offered, self.took = [], 0, 0.0
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.fault = None

    def _begin(self, selector):
        kind, port, token = self.choose()
        visit = _Visit(kind)
        self.offered += 1
        packet = raw_mqtt.connect_packet(self.version, f"storm-{self.offered % 200}", "x", token)
        # Loopback: the kernel answers connect() at once, and a CONNECT fits its buffer.
        visit.socket.connect_ex(("127.0.0.1", port))
        try:
            visit.socket.send(packet)
        except BlockingIOError:
            visit.socket.setblocking(True)
            visit.socket.sendall(packet)
            visit.socket.setblocking(False)
        except OSError:
            pass  # the read says what became of it
        selector.register(visit.socket, selectors.EVENT_READ, visit)

    def _settle(self, visit, code):
        if not visit.answered:
            visit.answered = True
            now = time.monotonic()
            self.answers.append(Answer(visit.kind, code, now - visit.started, now))

    def _leave(self, selector, visit):
        selector.unregister(visit.socket)
        visit.socket.close()

    def _readable(self, selector, visit):
        try:
            part = visit.socket.recv(256)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        if not part:
            self._settle(visit, visit.read[3] if len(visit.read) >= 4 else CLOSED)
            return self._leave(selector, visit)
        visit.read += part
        if not visit.answered and len(visit.read) >= 4:
            self._settle(visit, visit.read[3])
            if visit.read[3] == 0:
                try:
                    visit.socket.send(b"\xe0\x00")
                except OSError:
                    pass
        return None

    def _loop(self, selector):
        started = time.monotonic()
        while not self.stopping.is_set() or selector.get_map():
            now = time.monotonic()
            while not self.stopping.is_set() and started + self.offered / self.rate <= now:
                self._begin(selector)
            if not self.stopping.is_set():
                self.took = now - started
            pause = min(0.05, max(0.0, started + self.offered / self.rate - time.monotonic()))
            for key, _ in selector.select(pause):
                self._readable(selector, key.data)
            if self.stopping.is_set() or self.offered % 64 == 0:
                overdue = time.monotonic() - PATIENCE
                for key in [k for k in selector.get_map().values() if k.data.started < overdue]:
                    self._settle(key.data, "silent")
                    self._leave(selector, key.data)

    def _run(self):
        try:
            with selectors.EpollSelector() as selector:
                self._loop(selector)
        except Exception as error:  # a client that broke must not read as a quiet broker
            self.fault = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()
        if self.fault:
            raise self.fault

    # -- what came of it

    def offered_rate(self) -> float:
        return self.offered / self.took

    def codes(self, kind, since=0.0):
        return [one.code for one in list(self.answers) if one.kind == kind and one.at >= since]


def p99(storms, kind) -> float:
    times = sorted(one.seconds for storm in storms for one in storm.answers if one.kind == kind)
    return times[int(len(times) * 0.99)]
