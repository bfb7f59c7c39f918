"""The console's REST as one who is signed in asks it. Every answer is held to api/openapi.yaml."""

import json
import pathlib
import time

from . import contract, machine
from .daemon import Daemon, DaemonCase, Wire, request

PASSWORD = "four words that nobody guesses"
ROLES = ("viewer", "operator", "administrator")


class Seat:
    """One browser, or one program: its cookie or token."""

    def __init__(self, desk):
        self.desk = desk
        self.cookie = self.csrf = self.token = ""

    def headers(self, method, more=()):
        out = [f"host: {self.desk.host}", *more]
        if self.token:
            out.append(f"authorization: Bearer {self.token}")
        if self.cookie:
            out.append(f"cookie: {self.cookie}")
            if method not in ("GET", "HEAD"):
                out.append(f"x-csrf-token: {self.csrf}")
        return out

    def ask(self, method, path, body=None, headers=(), raw=None, checked=True):
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        more = list(headers)
        if body is not None:
            more.append("content-type: application/json")
        reply = self.desk.send(method, "/api/v1" + path, data, self.headers(method, more))
        operation = contract.operation_of(method, path)
        if checked and operation:
            fault = contract.fault_of(operation, reply)
            if fault:
                raise AssertionError(fault)
        cookie = reply.headers.get("set-cookie")
        if cookie:
            self.cookie = cookie.split(";")[0]
            if reply.status == 200:
                self.csrf = reply.json["csrf"]
        return reply

    def get(self, path, **named):
        return self.ask("GET", path, **named)

    def post(self, path, body=None, **named):
        return self.ask("POST", path, {} if body is None and "raw" not in named else body, **named)

    def put(self, path, body, **named):
        return self.ask("PUT", path, body, **named)

    def patch(self, path, body, **named):
        return self.ask("PATCH", path, body, **named)

    def delete(self, path, **named):
        return self.ask("DELETE", path, **named)

    def sign_in(self, name, password=PASSWORD):
        return self.post("/session", {"name": name, "password": password})


class Console:
    """sallyportd with a console, in a folder of its own."""

    def __init__(self, settings="", console="", store_settings="", key_file=True, database=None):
        """`database`: a postgres:// url, for one node of several."""
        if database:
            settings = f'[store]\nurl = "{database}"\n' + settings
        self.daemon = Daemon(settings=settings, http="", store=not database)
        self.folder = self.daemon.folder
        if database:
            console = f'folder = "{self.folder}"\n' + console
        gate = self.daemon.gate
        if key_file:
            gate.seal()
        text = gate.file.read_text() + f'[console]\nlisten = ["127.0.0.1:0"]\n{console}'
        gate.write_raw(text)
        if store_settings:
            file = self.folder / "first.toml"
            file.write_text(store_settings)
            gate.cli("config", "import", file, "--comment", "the first settings")

    def start(self):
        self.daemon.start()
        log = self.daemon.log()
        self.port = int(log.rsplit("the console is at ", 1)[1].split("/\n")[0].rsplit(":", 1)[1])
        listening = log.rsplit("listening on 127.0.0.1:", 1)[1].split()[0]
        self.daemon.port = int(listening)
        self.host = f"127.0.0.1:{self.port}"
        return self

    def send(self, method, path, body=b"", headers=(), tls=None):
        with Wire(("127.0.0.1", self.port), tls) as wire:
            names = {line.split(":")[0].lower() for line in headers}
            lines = [f"{method} {path} HTTP/1.1", *([] if "host" in names else [f"host: {self.host}"]), *headers]
            if body or method in ("POST", "PUT", "PATCH"):
                lines.append(f"content-length: {len(body)}")
            wire.send(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
            reply = wire.reply()
        if reply is None:
            raise AssertionError(f"{method} {path}: no answer; the log ends:\n{self.daemon.log()[-2000:]}")
        return reply

    def link(self):
        return pathlib.Path(self.folder / "first-administrator.link").read_text().strip()

    def seat(self):
        return Seat(self)

    def first(self, name="ada"):
        """The first administrator, signed in."""
        seat = self.seat()
        invitation = self.link().split("#/welcome/")[1]
        reply = seat.post("/session/first", {"invitation": invitation, "name": name, "password": PASSWORD})
        if reply.status != 200:
            raise AssertionError(reply)
        return seat

    def colleague(self, first, name, role):
        made = first.post("/administrators", {"name": name, "role": role})
        if made.status != 201:
            raise AssertionError(made)
        seat = self.seat()
        invitation = made.json["link"].split("#/welcome/")[1]
        reply = seat.post("/session/first", {"invitation": invitation, "password": PASSWORD})
        if reply.status != 200:
            raise AssertionError(reply)
        return seat


class Listening:
    """One who holds a stream open."""

    def __init__(self, seat, head="GET", tls=None):
        self.wire = Wire(("127.0.0.1", seat.desk.port), tls, timeout=20)
        lines = [f"{head} /api/v1/events HTTP/1.1", *seat.headers("GET"), "accept: text/event-stream"]
        self.wire.send("\r\n".join(lines) + "\r\n\r\n")
        self.reply = self.wire.reply()

    def next(self):
        """The data of the next event; nothing where the stream has ended."""
        while True:
            while b"\n\n" not in self.wire.rest:
                if not self.wire._more():
                    return None
            event, self.wire.rest = self.wire.rest.split(b"\n\n", 1)
            lines = dict(line.split(": ", 1) for line in event.decode().splitlines())
            if lines.get("event") == "news":
                return json.loads(lines["data"])

    def until(self, fits, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            event = self.next()
            if event is None or fits(event):
                return event
        raise AssertionError("no such event came")


class ConsoleCase(DaemonCase):
    def console(self, *words, **named) -> Console:
        console = Console(*words, **named)
        console.start()
        self.addCleanup(self._stop, console.daemon)
        return console

    def assertStatus(self, reply, status, reason=None):
        self.assertEqual(reply.status, status, reply)
        if reason is not None:
            self.assertEqual(reply.json["reason"], reason, reply)


__all__ = ["Console", "ConsoleCase", "Listening", "Seat", "PASSWORD", "ROLES", "machine", "request"]
