"""A flood of what must not come in, as fast as a broker answers; run as a program of its own.

flood.py PORT COUNT IN_FLIGHT: one JSON object at the end, and a line with the count so far on standard error each second.
Forty kinds and more, of made-up users, client ids, kids and addresses of 127.0.0.0/8; one in four from one address.
"""

import json
import random
import selectors
import socket
import sys
import time

from . import raw_mqtt, tokens
from .raw_mqtt import V5, V311

LONG = 65_535
PATIENCE = 20.0


def _parts(head, payload, signature=b"x" * 32):
    return ".".join(tokens.b64(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (head, payload, signature))


def kinds(dice):
    """{name: fields of a CONNECT}, made anew at each call: none of them may come in."""
    now = int(time.time())
    who, kid = f"u-{dice.randrange(10**9)}", f"k-{dice.randrange(10**9)}"
    claims = {"sub": who, "exp": now + 3600}
    good = tokens.hs(claims)
    head, payload, signature = good.split(".")
    hs256 = {"alg": "HS256"}

    as_token = {
        "changed signature": tokens.changed(good),
        "another key": tokens.hs(claims, key="another-key-" + who),
        "expired": tokens.hs({"sub": who, "exp": now - 3600}),
        "not yet": tokens.hs({"sub": who, "nbf": now + 3600}),
        "alg none": _parts({"alg": "none"}, claims, b""),
        "alg nOnE": _parts({"alg": "nOnE"}, claims, b""),
        "alg that is not allowed": tokens.hs(claims, header={"alg": "HS512"}),
        "alg unknown": _parts({"alg": "XS1"}, claims),
        "alg a number": _parts({"alg": 256}, claims),
        "no alg": _parts({"typ": "JWT"}, claims),
        "alg twice": _parts(b'{"alg":"HS256","alg":"none"}', claims),
        "RS256 of nobody": _parts({"alg": "RS256", "kid": kid}, claims, b"s" * 256),
        "ES256 of nobody": _parts({"alg": "ES256", "kid": kid}, claims, b"s" * 64),
        "EdDSA of nobody": _parts({"alg": "EdDSA"}, claims, b"s" * 64),
        "kid that is a path": _parts({"alg": "HS256", "kid": "../../../dev/null"}, claims),
        "made-up kid": _parts({"alg": "HS256", "kid": kid}, claims),
        "a key of its own": _parts({"alg": "HS256", "jwk": {"kty": "oct", "k": tokens.b64(b"k" * 32)}}, claims),
        "jku": _parts({"alg": "HS256", "jku": "https://" + kid + ".example.com/jwks"}, claims),
        "crit": tokens.hs(claims, header={"alg": "HS256", "crit": ["b64"], "b64": False}),
        "typ of another": tokens.hs(claims, header={"alg": "HS256", "typ": "logout+jwt"}) + "x",
        "no signature": f"{head}.{payload}.",
        "half a signature": f"{head}.{payload}.{signature[:20]}",
        "no payload": f"{head}..{signature}",
        "no header": f".{payload}.{signature}",
        "two parts": f"{head}.{payload}",
        "four parts": f"{good}.{signature}",
        "five parts": f"{head}....{signature}",
        "padding": f"{head}.{payload}.{signature}=",
        "a space": f"{head}.{payload}. {signature}",
        "a newline": f"{good}\n",
        "plus and slash": f"{head}.{payload}.+/{signature[2:]}",
        "a byte of zero": f"{head}.{payload}.\0{signature[1:]}",
        "header no JSON": _parts(b"{", claims),
        "header a list": _parts(["HS256"], claims),
        "payload no object": _parts(hs256, b"[1]"),
        "payload nested": _parts(hs256, b'{"a":' * 500 + b"1" + b"}" * 500),
        "payload not UTF-8": _parts(hs256, b'{"sub":"\xff\xfe"}'),
        "exp a word": tokens.hs({"sub": who, "exp": "soon"}),
        "exp beyond numbers": _parts(hs256, b'{"exp":1e999}'),
        "sub twice": _parts(hs256, b'{"sub":"a","sub":"b"}'),
        "dots alone": "." * dice.randrange(1, 200),
        "a long token": f"{head}.{'A' * (LONG - 100)}.{signature}",
    }
    out = {name: {"username": who, "password": token} for name, token in as_token.items()}
    out |= {
        "nobody's password": {"username": who, "password": f"guess-{who}"},
        "a user's wrong password": {"username": "owner", "password": f"guess-{who}"},
        "a long password": {"username": who, "password": "p" * LONG},
        "a long user": {"username": "u" * LONG, "password": "p"},
        "a token for a name": {"username": tokens.changed(good), "password": "p"},
        "no password": {"username": who},
        "an empty password": {"username": who, "password": ""},
        "nothing": {},
    }
    return {name: {"client_id": f"f-{dice.randrange(10**9)}", **fields} for name, fields in out.items()}


class Flood:
    def __init__(self, port, count, in_flight, seed=1):
        self.port, self.count, self.in_flight = port, count, in_flight
        self.dice = random.Random(seed)
        self.begun, self.let_in, self.refused, self.closed, self.silent = 0, [], 0, 0, 0
        self.by_kind = {}
        self.store = []

    def next(self):
        """A packet of some kind; a few hundred variants of each are made, then met again."""
        if len(self.store) < 400:
            for name, fields in kinds(self.dice).items():
                self.store.append((name, [raw_mqtt.connect_packet(version, **fields) for version in (V311, V5)]))
        name, packets = self.store[self.begun % len(self.store)] if self.begun % 7 else self.dice.choice(self.store)
        if self.begun % 2000 == 1999:
            del self.store[: len(self.store) // 2]
        self.by_kind[name] = self.by_kind.get(name, 0) + 1
        return name, packets[self.begun & 1]

    def begin(self, selector):
        name, packet = self.next()
        one = socket.socket()
        number = self.begun
        self.begun += 1
        if number % 4:
            one.bind((f"127.{2 + self.dice.randrange(200)}.{self.dice.randrange(256)}.{self.dice.randrange(1, 255)}", 0))
        else:
            one.bind(("127.0.0.66", 0))
        # Its end is a reset: no port lingers.
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        try:
            one.connect(("127.0.0.1", self.port))
            one.setblocking(False)
            sent = one.send(packet)
            if sent < len(packet):
                one.setblocking(True)
                one.sendall(packet[sent:])
                one.setblocking(False)
        except OSError:
            pass  # the read says what became of it
        one.setblocking(False)
        selector.register(one, selectors.EVENT_READ, (name, time.monotonic()))

    def settle(self, selector, one, name):
        try:
            data = one.recv(64)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if len(data) >= 4 and data[3] == 0:
            self.let_in.append(name)
        elif data:
            self.refused += 1
        else:
            self.closed += 1
        selector.unregister(one)
        one.close()

    def run(self):
        told = began = time.monotonic()
        with selectors.EpollSelector() as selector:
            while self.begun < self.count or selector.get_map():
                while self.begun < self.count and len(selector.get_map()) < self.in_flight:
                    self.begin(selector)
                for key, _ in selector.select(0.5):
                    self.settle(selector, key.fileobj, key.data[0])
                now = time.monotonic()
                if now - told >= 1:
                    told = now
                    print(self.begun, file=sys.stderr, flush=True)
                    for key in [k for k in selector.get_map().values() if k.data[1] < now - PATIENCE]:
                        self.silent += 1
                        selector.unregister(key.fileobj)
                        key.fileobj.close()
        return {
            "asked": self.begun, "kinds": len(self.by_kind), "let_in": self.let_in[:20], "refused": self.refused,
            "closed": self.closed, "silent": self.silent, "seconds": time.monotonic() - began,
        }  # fmt: skip


def main():
    port, count, in_flight = map(int, sys.argv[1:])
    print(json.dumps(Flood(port, count, in_flight).run()))


if __name__ == "__main__":
    main()
