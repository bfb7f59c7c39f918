"""A real Mosquitto with the gate in it, on free ports, in a folder of its own."""

import dataclasses
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import time

from . import certs, machine


@dataclasses.dataclass(frozen=True)
class Kind:
    """One of the brokers that the suite is run with."""

    name: str = "debian"
    command: tuple = ("/usr/sbin/mosquitto",)

    @property
    def version(self):
        text = subprocess.run([*self.command, "-h"], capture_output=True, text=True).stdout
        found = re.search(r"version (\d+)\.(\d+)\.(\d+)", text)
        if not found:
            raise RuntimeError(f"{self.command[0]} tells no version")
        return tuple(int(part) for part in found.groups())


_kind = None
_version = None


def current_kind() -> Kind:
    global _kind
    if _kind is None:
        command = os.environ.get("SALLYPORT_TEST_BROKER", "/usr/sbin/mosquitto")
        _kind = Kind(os.environ.get("SALLYPORT_TEST_BROKER_NAME", "debian"), (command,))
    return _kind


def current_version():
    global _version
    if _version is None:
        _version = current_kind().version
    return _version


@dataclasses.dataclass
class Listener:
    transport: str = "tcp"  # tcp, tls, ws, wss
    options: tuple = ()  # further lines of settings
    require_certificate: bool = False
    plugin: bool = False  # with per_listener_settings: this listener has the plugin
    port: int = 0


class Broker:
    def __init__(
        self,
        gate,
        listeners=None,
        options=(),
        allow_anonymous=False,
        per_listener=False,
        kind=None,
        plugin_count=1,
        plugin_first=True,
    ):
        self.gate = gate
        self.folder: pathlib.Path = gate.folder
        self.listeners = listeners or [Listener()]
        self.options = tuple(options)
        self.allow_anonymous = allow_anonymous
        self.per_listener = per_listener
        self.kind = kind or current_kind()
        self.plugin_count = plugin_count
        self.process = None
        self.log_file = self.folder / "broker.log"
        self.authority = None
        self.plugin_first = plugin_first

    # -- settings

    @property
    def port(self) -> int:
        return self.listeners[0].port

    def port_of(self, transport) -> int:
        return next(one.port for one in self.listeners if one.transport == transport)

    def tls_context(self, certificate=None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority.file))
        if certificate is not None:
            context.load_cert_chain(*map(str, certificate))
        return context

    def _plugin_lines(self):
        return [f"plugin {machine.plugin_copy()}", f"plugin_opt_config {self.gate.file}"]

    def _settings(self) -> str:
        # Said only where it is meant: 2.1 calls it deprecated.
        lines = ["per_listener_settings true"] if self.per_listener else []
        lines += [
            "persistence false",
            "log_dest stderr",
            "log_type all",
            "log_timestamp false",
        ]
        if machine.IS_ROOT:
            lines.append(f"user {machine.BROKER_USER}")
        if any(one.transport in ("tls", "wss") for one in self.listeners) and self.authority is None:
            self.authority = certs.Authority(self.folder)
        if not self.per_listener:
            lines.append(f"allow_anonymous {str(self.allow_anonymous).lower()}")
            plugins = self._plugin_lines() * self.plugin_count
            lines += plugins + list(self.options) if self.plugin_first else list(self.options) + plugins
        else:
            lines += self.options
        for one in self.listeners:
            lines.append(f"listener {one.port} 127.0.0.1")
            if one.transport in ("ws", "wss"):
                lines.append("protocol websockets")
            if one.transport in ("tls", "wss"):
                certificate, key = self.authority.issue("localhost", server=True)
                lines += [f"cafile {self.authority.file}", f"certfile {certificate}", f"keyfile {key}"]
                if one.require_certificate:
                    lines.append("require_certificate true")
            if self.per_listener:
                lines.append(f"allow_anonymous {str(self.allow_anonymous).lower()}")
                if one.plugin:
                    lines += self._plugin_lines()
            lines += one.options
        return "\n".join(lines) + "\n"

    # -- life

    def start(self):
        for attempt in range(3):
            for one in self.listeners:
                one.port = machine.free_port()
            self._spawn()
            if self._await_listening():
                return self
            # Somebody took a port between our look and the broker's.
            if attempt < 2 and "Address already in use" in self.log():
                self.stop()
                continue
            code = self.process.poll()
            self.stop()
            raise AssertionError(f"the broker did not start (code {code}):\n{self.log()}")
        raise AssertionError("no free ports")

    def start_expecting_failure(self, seconds=10.0) -> int:
        """The exit code of a broker that must not start."""
        for one in self.listeners:
            one.port = machine.free_port()
        self._spawn()
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.stop()
            raise AssertionError(f"the broker started:\n{self.log()}") from None

    def _spawn(self):
        machine.many_files()
        settings = self.folder / "mosquitto.conf"
        settings.write_text(self._settings())
        settings.chmod(0o644)
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(
                [*self.kind.command, "-c", str(settings)], stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/"
            )

    def _await_listening(self, seconds=20.0) -> bool:
        end = time.monotonic() + seconds
        for one in self.listeners:
            while True:
                if self.process.poll() is not None:
                    return False
                try:
                    socket.create_connection(("127.0.0.1", one.port), 1).close()
                    break
                except OSError:
                    if time.monotonic() > end:
                        return False
                    time.sleep(0.005)
        # It listens before it heeds signals: one that comes sooner kills it, and 2.1.2 forgets one that comes just then.
        machine.wait_until(lambda: self.process.poll() is not None or re.search(r"version \S+ running", self.log()), 5.0)
        return self.process.poll() is None

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def sighup(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, seconds=10.0) -> int:
        """Ends it by process id. A broker that does not end, or not well, is a failure of its own."""
        if self.process is None:
            return 0
        process, self.process = self.process, None
        end = time.monotonic() + seconds
        while process.poll() is None and time.monotonic() < end:
            process.terminate()  # again: 2.1.2 forgets a signal that comes before its loop begins
            try:
                return process.wait(1.0)
            except subprocess.TimeoutExpired:
                pass
        if process.poll() is None:
            process.kill()
            process.wait()
            raise AssertionError(f"the broker did not stop in {seconds} s:\n{self.log()[-3000:]}")
        return process.returncode

    def memory_kib(self) -> int:
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))

    # -- log

    def log(self) -> str:
        try:
            return self.log_file.read_bytes().decode("utf-8", "backslashreplace")
        except FileNotFoundError:
            return ""

    def mark(self) -> int:
        return len(self.log())

    def wait_for_log(self, pattern, since=0, seconds=10.0) -> str:
        found = machine.wait_until(lambda: re.search(pattern, self.log()[since:]), seconds)
        if not found:
            raise AssertionError(f"the log never said /{pattern}/:\n{self.log()[since:][-3000:]}")
        return found.group(0)

    def __enter__(self):
        return self.start() if self.process is None else self

    def __exit__(self, kind, value, trace):
        code = self.stop()
        if kind is None and code != 0:
            raise AssertionError(f"the broker ended with code {code}:\n{self.log()[-3000:]}")
