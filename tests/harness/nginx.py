"""nginx in a folder of its own, on a free port."""

import pathlib
import signal
import socket
import subprocess

from . import machine

SERVER = pathlib.Path("/usr/sbin/nginx")


class Nginx:
    """`server` is what stands in the one server block."""

    def __init__(self, server):
        self.folder = machine.temp_folder()
        self.port = machine.free_port()
        self.process = None
        (self.folder / "nginx.conf").write_text(
            f"""daemon off; master_process off; worker_processes 1;
pid {self.folder}/pid; error_log {self.folder}/error.log info;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy; fastcgi_temp_path {self.folder}/f;
  uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  {server.replace("PORT", str(self.port))}
}}
"""
        )

    def start(self):
        self.process = subprocess.Popen(
            [str(SERVER), "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", str(self.folder / "error.log")],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=open(self.folder / "out.log", "wb"),
        )  # fmt: skip
        if not machine.wait_until(self._answers, 10):
            raise AssertionError("nginx did not start:\n" + self.log())
        return self

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def log(self):
        return "".join(f.read_text() for f in (self.folder / "out.log", self.folder / "error.log") if f.exists())

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
