"""How many MQTT clients a second a RabbitMQ takes, asking us, and asking its own internal users."""
import base64
import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import http
from .peers import BUILD, debian_version
from .tokens import make_tokens, pinned

IN_FLIGHT = 32
ALGORITHM = "ES256"
SETTINGS = """
[[http.callers]]
name = "rabbit"
contracts = ["rabbitmq"]
basic_user = "rmq"
basic_password_file = "rabbit.password"
"""
PASSWORD = "the-password-of-the-bench"


def tests_harness():
    """The tests' RabbitMQ: there is one way to start it."""
    folder = Path(__file__).resolve().parents[2] / "tests" / "harness"
    spec = importlib.util.spec_from_file_location("sp_tests_harness", folder / "__init__.py", submodule_search_locations=[str(folder)])
    sys.modules["sp_tests_harness"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules["sp_tests_harness"])
    return importlib.import_module("sp_tests_harness.rabbitmq")


def storm(port, file, count, core):
    command = pinned(core, [str(BUILD / "bin" / "bench_connect_storm"), str(port), str(file), str(count), str(IN_FLIGHT)])
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(f"storm: {done.stderr.strip()}")
    answer = json.loads(done.stdout)
    if answer["accepted"] != count:
        raise RuntimeError(f"{answer['accepted']} of {count} came in: {answer}")
    return count / answer["seconds"]


def internal_definitions(folder):
    salt = os.urandom(4)
    hashed = base64.b64encode(salt + hashlib.sha256(salt + b"bench").digest()).decode()
    file = folder / "definitions.json"
    file.write_text(json.dumps({
        "vhosts": [{"name": "/"}],
        "users": [{"name": "bench", "password_hash": hashed, "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": ""}],
        "permissions": [{"user": "bench", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}],
    }))
    return file


def measure(count, core, say):
    try:
        rabbitmq = tests_harness()
    except (OSError, ImportError) as fault:
        return {"left_out": str(fault)}
    if not rabbitmq.is_here():
        return {"left_out": "no rabbitmq-server on this machine"}
    tokens = make_tokens([ALGORITHM], count, "rabbit")
    rows = {}
    with tempfile.TemporaryDirectory(prefix="sp-bench-") as name:
        folder = Path(name)
        password = folder / "rabbit.password"
        password.write_text(PASSWORD)
        password.chmod(0o600)
        for kind in ("internal users", "sallyportd"):
            say(f"RabbitMQ with {kind}")
            daemon = None
            if kind == "sallyportd":
                daemon = http.daemon(folder, tokens / f"{ALGORITHM}.key", None, more="", http_more=SETTINGS)
                broker = rabbitmq.RabbitMQ(daemon.port, user_info=f"rmq:{PASSWORD}@")
                file = tokens / f"{ALGORITHM}.good"
            else:
                broker = rabbitmq.RabbitMQ(None, options=("auth_backends.1 = internal", f"load_definitions = {internal_definitions(folder)}"))
                file = folder / "clients"
                file.write_text("".join(f"good bench client-{i} bench\n" for i in range(count)))
            try:
                broker.start()
                while "Server startup complete" not in broker.log():
                    time.sleep(0.2)
                storm(broker.port, file, min(200, count), None)  # Erlang warms up
                rows[kind] = storm(broker.port, file, count, None)
            finally:
                broker.stop()
                if daemon:
                    daemon.stop()
    return {"version": debian_version("rabbitmq-server"), "connects": count, "rows": rows, "cores": len(os.sched_getaffinity(0))}


def table(result):
    if "rows" not in result:
        return [f"Left out: {result.get('left_out', 'not run')}."]
    lines = ["| RabbitMQ asks | connects a second |", "|---|---|"]
    lines += [f"| {kind} | {value:,.0f} |" for kind, value in result["rows"].items()]
    ratio = result["rows"]["sallyportd"] / result["rows"]["internal users"]
    return [*lines, "", f"With us {ratio:.2f} of what it does with its internal users; broker, daemon and clients shared {result['cores']} cores."]
