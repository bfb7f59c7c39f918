"""sallyportd with the settings of one test, and callers: a polite one, and one that writes bytes."""

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import unittest
import urllib.parse

from . import machine, tokens
from .gate import Gate

SALLYPORTD = machine.BUILD / "bin" / "sallyportd"


class Reply:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode()

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body!r}"


class Wire:
    """A socket that sends what it is told to, and reads answers one by one."""

    def __init__(self, address, tls=None, timeout=15):
        if isinstance(address, str):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(address)
        else:
            self.socket = socket.create_connection(address, timeout=timeout)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.rest = b""

    def send(self, data):
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def _more(self):
        data = self.socket.recv(65536)
        self.rest += data
        return bool(data)

    def reply(self):
        """The next answer; nothing where the connection ends first."""
        while b"\r\n\r\n" not in self.rest:
            try:
                if not self._more():
                    return None
            except ConnectionResetError:
                return None
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {}
        for line in lines:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        while len(self.rest) < length:
            if not self._more():
                return None
        body, self.rest = self.rest[:length], self.rest[length:]
        return Reply(int(first.split()[1]), headers, body)

    def is_closed(self):
        """Whether the other end says that it is done."""
        try:
            return self.rest == b"" and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def request(method, path, body=b"", headers=(), host="x"):
    body = body.encode() if isinstance(body, str) else body
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", *headers]
    if body or method == "POST":
        lines.append(f"content-length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def form(**fields):
    return urllib.parse.urlencode(fields)


class Daemon:
    def __init__(self, settings=f'[jwt]\nsecret = "{tokens.KEY}"\n', http="", listen='["127.0.0.1:0"]', store=True, environment=None, port=0, prefix=(), user=None):
        if port:
            listen = f'["127.0.0.1:{port}"]'
        self.gate = Gate(settings + f"[http]\nlisten = {listen}\n" + http, store=store, control=False)
        self.folder = self.gate.folder
        self.environment = environment or {}
        self.prefix = prefix  # a command that runs it elsewhere, in a namespace
        self.user = user
        self.process = None
        self.port = port

    def start(self, code=None):
        self.log_file = open(self.folder / "daemon.log", "ab")
        ups = self.log().count(" is up with ")  # of runs before this one
        environment = {**os.environ, **self.environment}
        self.process = subprocess.Popen(
            [*self.prefix, str(SALLYPORTD), "--config", str(self.gate.file)], stdin=subprocess.DEVNULL,
            stdout=self.log_file, stderr=self.log_file, env=environment,
            **({"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}),
        )  # fmt: skip
        if code is not None:
            got = self.process.wait(20)
            if got != code:
                raise AssertionError(f"it ended with {got}, not {code}:\n{self.log()}")
            return self
        up = machine.wait_until(lambda: self.log().count(" is up with ") > ups or self.process.poll() is not None, 20)
        if not up or self.process.poll() is not None:
            raise AssertionError(f"the daemon did not start:\n{self.log()}")
        found = re.findall(r"listening on 127\.0\.0\.1:(\d+)", self.log())
        self.port = int(found[-1]) if found else self.port
        return self

    def log(self):
        return (self.folder / "daemon.log").read_text(errors="backslashreplace")

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return self.process.returncode if self.process else 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "killed"
        finally:
            self.log_file.close()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def wire(self, tls=None, timeout=15, address=None):
        return Wire(address or ("127.0.0.1", self.port), tls, timeout)

    def ask(self, method, path, body=b"", headers=(), tls=None, address=None):
        with self.wire(tls, address=address) as wire:
            wire.send(request(method, path, body, headers))
            return wire.reply()

    def post_form(self, path, headers=(), **fields):
        return self.ask("POST", path, form(**fields), ("content-type: application/x-www-form-urlencoded", *headers))

    def post_json(self, path, value, headers=()):
        return self.ask("POST", path, json.dumps(value), ("content-type: application/json", *headers))

    def metric(self, name, address=None):
        reply = self.ask("GET", "/metrics", address=address)
        found = re.search(rf"^{re.escape(name)} (\S+)$", reply.text, re.MULTILINE)
        return float(found.group(1)) if found else None

    def memory_kib(self):
        """What it takes; under a sanitizer, whose shadow is most of it, always the same."""
        if os.environ.get("SALLYPORT_SANITIZED"):
            return 0
        with open(f"/proc/{self.process.pid}/status") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


class DaemonCase(unittest.TestCase):
    maxDiff = None

    def daemon(self, *words, **named) -> Daemon:
        daemon = Daemon(*words, **named).start()
        self.addCleanup(self._stop, daemon)
        return daemon

    def _stop(self, daemon):
        code = daemon.stop()
        self.assertEqual(code, 0, f"the daemon ended with code {code}:\n{daemon.log()[-3000:]}")

    def eventually(self, what, message="it never came", seconds=10.0):
        value = machine.wait_until(what, seconds)
        self.assertTrue(value, message)
        return value


def client_tls(authority=None, certificate=None):
    context = ssl.create_default_context(cafile=str(authority)) if authority else ssl._create_unverified_context()
    if certificate:
        context.load_cert_chain(*map(str, certificate))
    return context
