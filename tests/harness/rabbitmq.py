"""Debian's RabbitMQ with its MQTT plugin, in a folder of its own, asking one daemon.

Everything listens on loopback; nothing of the machine's own RabbitMQ is touched.
"""

import base64
import hashlib
import json
import os
import pathlib
import signal
import socket
import subprocess

from . import machine

PASTED = machine.ROOT / "examples" / "rabbitmq.conf"
PASTED_ENDING = machine.ROOT / "examples" / "rabbitmq-ending.conf"
PASTED_DEFINITIONS = machine.ROOT / "examples" / "rabbitmq-ending-definitions.json"
SERVER = pathlib.Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def is_here() -> bool:
    return SERVER.exists()


class RabbitMQ:
    def __init__(self, daemon_port, options=(), user_info="", method="post", api_password=None):
        self.folder = machine.temp_folder()
        self.port, self.amqp_port, self.distribution_port = machine.free_port(), machine.free_port(), machine.free_port()
        self.epmd_port = machine.free_port()
        self.daemon_port, self.options, self.user_info, self.method = daemon_port, tuple(options), user_info, method
        # With a password there is a management API, and one internal user of it: "sallyport".
        self.api_password, self.api_port = api_password, machine.free_port() if api_password else 0
        self.process = None

    def _write(self):
        # What people paste, with our own port and password.
        pasted = PASTED.read_text().replace("http://rmq:PASSWORD@127.0.0.1:8080", f"http://{self.user_info}127.0.0.1:{self.daemon_port}")
        pasted = pasted.replace("http_method = post", f"http_method = {self.method}")
        if self.daemon_port is None:  # it asks nobody
            pasted = "mqtt.allow_anonymous = false"
        lines = [
            pasted,
            f"listeners.tcp.1 = 127.0.0.1:{self.amqp_port}",
            f"mqtt.listeners.tcp.1 = 127.0.0.1:{self.port}",
            "log.console = false",
            "log.file.level = info",
            "vm_memory_high_watermark.absolute = 2GB",
            "disk_free_limit.absolute = 10MB",
            *self.options,
            *self._management(),
        ]
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        more = ",rabbitmq_management" if self.api_password else ""
        (self.folder / "enabled_plugins").write_text(f"[rabbitmq_mqtt,rabbitmq_auth_backend_http{more}].\n")

    def _management(self):
        """The lines of examples/rabbitmq-ending.conf, and the definitions that they load."""
        if not self.api_password:
            return []
        salt = os.urandom(4)
        hashed = base64.b64encode(salt + hashlib.sha256(salt + self.api_password.encode()).digest()).decode()
        definitions = json.loads(PASTED_DEFINITIONS.read_text())
        definitions["users"][0]["password_hash"] = hashed
        (self.folder / "definitions.json").write_text(json.dumps(definitions))
        pasted = PASTED_ENDING.read_text().replace("/etc/rabbitmq/sallyport-definitions.json", f"{self.folder}/definitions.json")
        return [pasted.replace("15672", str(self.api_port))]

    def start(self, seconds=240):
        self._write()
        home = str(self.folder)
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": home,
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"sallyport{self.port}@localhost",
            "RABBITMQ_MNESIA_BASE": home + "/mnesia",
            "RABBITMQ_LOG_BASE": home + "/log",
            "RABBITMQ_CONFIG_FILE": home + "/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": home + "/enabled_plugins",
            "RABBITMQ_PID_FILE": home + "/pid",
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self.epmd_port),
        }
        (self.folder / "log").mkdir()
        self.process = subprocess.Popen(
            [str(SERVER)], env=environment, cwd=home, stdin=subprocess.DEVNULL,
            stdout=open(self.folder / "out.log", "wb"), stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        up = machine.wait_until(lambda: self._answers() or self.process.poll() is not None, seconds, 0.2)
        if not up or self.process.poll() is not None:
            raise AssertionError("RabbitMQ did not start:\n" + self.log()[-4000:])
        return self

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def log(self):
        files = [self.folder / "out.log", *sorted((self.folder / "log").glob("*.log"))]
        return "\n".join(file.read_text(errors="backslashreplace") for file in files if file.exists())

    def stop(self):
        """By their numbers: the server's own group, and the port mapper that was started for it."""
        if self.process is None:
            return
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
            if machine.wait_until(lambda: self.process.poll() is not None, 15, 0.05):
                break
        for pid in self._own_processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def _own_processes(self):
        """Processes whose environment names our own folder: Erlang's helpers leave the group."""
        mark = f"HOME={self.folder}".encode()
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    yield int(entry.name)
            except OSError:
                continue
