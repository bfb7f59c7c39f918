"""Three nodes, PostgreSQL and HAProxy: each node in a network namespace of its own where the machine allows it.

The middle is a namespace with HAProxy, PostgreSQL and whoever asks; two links go from it to each node, one for questions
and one for the database, so that either can be cut.
"""

import json
import os
import shutil
import subprocess
import sys

from . import machine, postgres, tokens
from .daemon import Daemon

HAPROXY = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
NODES = 3
SECRET = "a-path-secret-of-the-tests-own-0123456789"
PORT = 18080


def ip(*words):
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"ip {' '.join(words)}: {done.stderr.strip()}")


def has_namespaces():
    if not machine.IS_ROOT or not shutil.which("ip"):
        return False
    name = f"sp{os.getpid()}try"
    try:
        ip("netns", "add", name)
        ip("-n", name, "link", "add", "name", "x0", "type", "bridge")
        ip("-n", name, "link", "add", "name", "x1", "type", "veth", "peer", "name", "x2")
    except OSError:
        return False
    finally:
        subprocess.run(["ip", "netns", "del", name], capture_output=True)
    return True


class Network:
    """Namespaces named by this process; removed with everything in them."""

    def __init__(self):
        self.middle = f"sp{os.getpid()}m"
        self.names = [self.middle] + [f"sp{os.getpid()}n{i}" for i in range(NODES)]
        try:
            for name in self.names:
                ip("netns", "add", name)
                ip("-n", name, "link", "set", "dev", "lo", "up")
            for kind, net in (("q", 77), ("d", 78)):
                ip("-n", self.middle, "link", "add", "name", f"br{kind}", "type", "bridge")
                ip("-n", self.middle, "addr", "add", f"10.{net}.0.1/24", "dev", f"br{kind}")
                ip("-n", self.middle, "link", "set", "dev", f"br{kind}", "up")
                for i in range(NODES):
                    ip("-n", self.middle, "link", "add", "name", f"{kind}{i}", "type", "veth", "peer", "name", f"{kind}own", "netns", self.names[i + 1])
                    ip("-n", self.middle, "link", "set", "dev", f"{kind}{i}", "master", f"br{kind}", "up")
                    ip("-n", self.names[i + 1], "addr", "add", f"10.{net}.0.{i + 11}/24", "dev", f"{kind}own")
                    ip("-n", self.names[i + 1], "link", "set", "dev", f"{kind}own", "up")
        except OSError:
            self.remove()
            raise

    def inside(self, number=None):
        return ["ip", "netns", "exec", self.middle if number is None else self.names[number + 1]]

    def cut(self, kind, number):
        ip("-n", self.middle, "link", "set", "dev", f"{kind}{number}", "down")

    def mend(self, kind, number):
        ip("-n", self.middle, "link", "set", "dev", f"{kind}{number}", "up")

    def remove(self):
        for name in self.names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


class Node(Daemon):
    def __init__(self, address, port, url, prefix):
        secret = '[[http.callers]]\nname = "rabbit"\npath_secret_file = "caller.secret"\n'
        settings = f'[store]\nurl = "{url}"\n[jwt]\nsecret = "{tokens.KEY}"\nnot_a_token = "ignore"\n[topics]\nno_match = "deny"\n'
        super().__init__(settings=settings, http="workers = 1\n" + secret, listen=f'["{address}:{port}"]', store=False, prefix=prefix)
        file = self.folder / "caller.secret"
        file.write_text(SECRET)
        os.chmod(file, 0o600)
        self.address, self.port = address, port


class Cluster:
    def __init__(self):
        self.network = Network() if has_namespaces() else None
        self.database = postgres.Postgres()
        self.nodes, self.haproxy, self.storm = [], None, None
        self.folder = machine.temp_folder()

    def start(self):
        middle = self.network.inside() if self.network else []
        if self.network:
            with open(self.database.folder / "data" / "pg_hba.conf", "a") as rules:
                rules.write("host all all 10.78.0.0/24 trust\n")
            self.database.start("listen_addresses=10.78.0.1", "fsync=on", prefix=middle)
        else:
            self.database.start("fsync=on")
        url = "postgres://postgres@10.78.0.1/postgres" if self.network else self.database.url
        for i in range(NODES):
            address = f"10.77.0.{i + 11}" if self.network else "127.0.0.1"
            port = 8080 if self.network else machine.free_port()
            self.nodes.append(Node(address, port, url, self.network.inside(i) if self.network else []).start())
        self._start_haproxy(middle)
        return self

    def _start_haproxy(self, middle):
        self.port = PORT if self.network else machine.free_port()
        servers = "\n".join(f"  server n{i} {node.address}:{node.port} check" for i, node in enumerate(self.nodes))
        text = (machine.ROOT / "examples" / "haproxy.cfg").read_text()
        begin = text.index("  server ")
        text = text[:begin] + servers + "\n"
        text = text.replace("bind 127.0.0.1:8081", f"bind 127.0.0.1:{self.port}")
        file = self.folder / "haproxy.cfg"
        file.write_text(text)
        with open(self.folder / "haproxy.log", "ab") as log:
            self.haproxy = subprocess.Popen([*middle, HAPROXY, "-db", "-f", str(file)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        ready = ["curl", "-sf", "-m", "2", "-o", os.devnull, f"http://127.0.0.1:{self.port}/health/ready"]
        if not machine.wait_until(lambda: self.inside(ready).returncode == 0, 15, 0.1):
            raise AssertionError("HAProxy has no node:\n" + (self.folder / "haproxy.log").read_text())

    def inside(self, words, **named):
        middle = self.network.inside() if self.network else []
        return subprocess.run([*middle, *words], capture_output=True, text=True, timeout=60, **named)

    def decide(self, number, username, password):
        """What a node says, asked from the middle and past HAProxy."""
        node = self.nodes[number]
        body = json.dumps({"username": username, "password": password})
        url = f"http://{node.address}:{node.port}/k/{SECRET}/v1/decide"
        done = self.inside(["curl", "-sS", "-m", "2", "-d", body, url])
        try:
            return json.loads(done.stdout)["verdict"]
        except (ValueError, KeyError):
            return f"none: {done.stdout}{done.stderr}"

    def begin_storm(self, seconds, rate=200, brokers=30):
        middle = self.network.inside() if self.network else []
        environment = dict(os.environ, PYTHONPATH=str(machine.ROOT / "tests"), PYTHONDONTWRITEBYTECODE="1")
        words = ["127.0.0.1", str(self.port), f"/k/{SECRET}/rabbitmq", str(seconds), str(rate), str(brokers)]
        self.storm = subprocess.Popen(
            [*middle, sys.executable, "-m", "harness.storm", *words], env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert self.storm.stderr.read(1) == ".", self.storm.stderr.read()

    def end_storm(self):
        out, err = self.storm.communicate(timeout=120)
        if self.storm.returncode:
            raise AssertionError(err)
        return json.loads(out)

    def remove(self):
        for process in (self.storm, self.haproxy):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        codes = [node.stop() for node in self.nodes]
        self.database.remove()
        if self.network:
            self.network.remove()
        return codes
