"""What was measured, in words: to the terminal and to docs/performance.md."""
import platform
import re
import subprocess

from . import http, keys, publish, rabbitmq, topics
from .peers import OURS
from .sweeps import file_name
from .tokens import best_of_others

# Beside the best of the others; the second goal of those that have one.
GOALS = {"HS256": 3.0, "RS256": 1.1, "ES256": 1.1}
FURTHER = {("HS256", "cold"): 6.0}
REPEAT = 6.0
# A whole decision beside nothing but OpenSSL's check of the signature (libsodium's of Ed25519): with AVX512-IFMA, without.
SIGNATURE_GOALS = {"RS256": (2.3, 1.1), "ES256": (4.0, 2.0), "ES384": (10.0, 7.0), "EdDSA": (3.5, 3.5), "PS256": (0.95, 0.95), "ES512": (0.95, 0.95)}


def machine():
    model = "unknown processor"
    flags = ""
    try:
        text = open("/proc/cpuinfo", encoding="utf-8").read()
        model = re.search(r"model name\s*: (.*)", text).group(1)
        flags = re.search(r"flags\s*: (.*)", text).group(1)
    except (OSError, AttributeError):
        pass
    has = [name for name in ("sha_ni", "adx", "avx2", "avx512ifma") if f" {name} " in f" {flags} "]
    release = "?"
    try:
        release = re.search(r'PRETTY_NAME="([^"]+)"', open("/etc/os-release", encoding="utf-8").read()).group(1)
    except (OSError, AttributeError):
        pass
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True).stdout.strip()
    return {"processor": model, "has": has, "system": release, "kernel": platform.release(), "openssl": openssl}


def number(value):
    return f"{value / 1000:,.1f} k" if value >= 10_000 else f"{value:,.0f}"


def ratio_lines(tokens):
    """One line an algorithm: how far ahead, or behind, of the best of the others."""
    lines = []
    for algorithm, modes in tokens.items():
        for mode, table in modes.items():
            name, ratio = best_of_others(table)
            if name is None or "ops" not in table.get(OURS, {}):
                continue
            goals = goals_of(algorithm, mode)
            verdict = "".join(f"   goal {goal:g}: {'reached' if ratio >= goal else 'NOT REACHED'}" for goal in goals)
            if not goals and ratio < 1:
                verdict = "   behind"
            lines.append(f"{algorithm:6} {mode:7} {ratio:6.2f} times {name}{verdict}")
    return lines


def token_table(tokens, mode):
    """Markdown: rows are contestants, columns algorithms; a cell is our ratio to it and its own pace."""
    algorithms = [a for a in tokens if mode in tokens[a]]
    names = []
    for a in algorithms:
        names += [n for n in tokens[a][mode] if n not in names and "ops" in tokens[a][mode][n]]
    if len(names) < 1:
        return []
    lines = ["| beside | " + " | ".join(algorithms) + " |", "|---|" + "---|" * len(algorithms)]
    for name in names:
        cells = []
        for a in algorithms:
            row = tokens[a][mode].get(name, {})
            if "ops" not in row:
                cells.append("-")
            elif name == OURS:
                cells.append(f"{number(row['ops'])}/s")
            else:
                cells.append(f"**{row['ratio']:.2f}** ({number(row['ops'])}/s)")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return lines


def spread_line(tokens):
    worst = max((row["spread"], f"{name} {a} {mode}") for a, modes in tokens.items() for mode, table in modes.items()
                for name, row in table.items() if "spread" in row)
    return f"Widest spread of a contestant's rounds: {worst[0]:.0%} ({worst[1]})."


def allocation_lines(tokens):
    """Ours, for each algorithm: by our own code (operator new), and by all in the process (malloc: OpenSSL's too)."""
    lines = ["| | " + " | ".join(tokens) + " |", "|---|" + "---|" * len(tokens)]
    for mode in ("cold", "repeat"):
        cells = []
        for modes in tokens.values():
            row = modes.get(mode, {}).get(OURS, {})
            cells.append(f"{row['news']:.0f} / {row['mallocs']:.0f}" if "news" in row else "-")
        lines.append(f"| {mode}: ours / all | " + " | ".join(cells) + " |")
    return lines


def broker_table(broker):
    if "rows" not in broker:
        return [f"Left out: {broker.get('left_out', 'not run')}."]
    lines = ["| plugin | clients | CPU of the broker's thread a connect | beside accept-all | other threads | connects a CPU second | a second, as it went |",
             "|---|---|---|---|---|---|---|"]
    for kind, modes in broker["rows"].items():
        for mode, row in modes.items():
            who = "accept-all" if kind == "accept-all" else f"Sallyport, {kind}"
            clients = "first time" if mode == "cold" else "come again"
            lines.append(f"| {who} | {clients} | {row['cpu_us']:.1f} µs | **{row['cpu_ratio']:.2f}** | {row['other_threads_us']:.1f} µs | "
                         f"{row['connects_per_cpu_second']:,.0f} | {row['connects_per_second']:,.0f} |")
    return lines


def users_table(users):
    if "rows" not in users:
        return [f"Left out: {users.get('left_out', 'not run')}."]
    lines = ["| users | import | memory of the import | start to first decision | memory of the process | bytes a user | store |", "|---|---|---|---|---|---|---|"]
    for count, row in users["rows"].items():
        lines.append(f"| {int(count):,} | {row['import_s']:.1f} s | {row['import_mib']:.0f} MiB | {row['start_s']:.2f} s | {row['mib']:.0f} MiB | "
                     f"{row['bytes_per_user']:.0f} | {row['store_mib']:.0f} MiB |")
    return lines


def keys_lines(found):
    if not found:
        return []
    lines = ["## Keys over the network", "", "Looking a key up as a decision does it:", "", *keys.lookup_table(found.get("lookup", {})), ""]
    if "rows" in found:
        lines += [f"{found['connects']:,} clients with ES256 tokens, {found['in_flight']} at a time, against a broker whose keys come by `jwks_url`: once,",
                  "and again each second (`max-age=1`, `jwks_cooldown = \"1s\"`, no ETag: each answer is read and judged anew).", ""]
    return [*lines, *keys.refresh_table(found), ""]


def left_out_lines(result):
    lines = [f"- {name}: {why}" for name, why in result["left_out"].items()]
    for algorithm, modes in result["tokens"].items():
        for mode, table in modes.items():
            lines += [f"- {name}, {algorithm} {mode}: {row['left_out']}" for name, row in table.items() if "left_out" in row]
    return lines


def page(result, notes):
    """docs/performance.md, whole."""
    m = result["machine"]
    tokens = result["tokens"]
    versions = ", ".join(f"{name} {version}" for name, version in result["contestants"].items() if name != OURS)
    lines = [
        "# How fast", "",
        "Made by `make bench` (`scripts/bench --write-docs` writes this page): figures of one run, for comparing within it.", "",
        f"- Machine: {m['processor']} ({', '.join(m['has']) or 'no extensions of note'}), {m['system']}, Linux {m['kernel']}, {m['openssl']}",
        f"- Sallyport: commit {result['contestants'][OURS]}",
        f"- Beside: {versions}",
        f"- Medians of {result['rounds']} interleaved rounds of {result['seconds']} s; load of the machine before: {result['load_before']:.1f}. {spread_line(tokens)}",
        *([f"- {result['note']}"] if "note" in result else []), "",
        "## Whole tokens", "",
        "Parse, signature, times, and the two claims `username` = `%u` and `clientid` = `%c`; a payload of about 260 bytes. Each",
        "contestant is given its key once, in the form that it takes, and 64 tokens in turn; before it counts it has to",
        "accept all of them and refuse a forged one, an expired one, and good ones under another user name or client id. All run",
        "on one pinned core, and time is CPU time. A cell is how many times as fast we are (the median of each round's own",
        "ratio), and the other's tokens a CPU second.", "",
        "### Cold: every signature is checked", "",
        *token_table(tokens, "cold"), "",
        *fast_lines(tokens),
        "### Repeat: the same bytes were right before", "",
        "Our token cache beside the one other that has one. Times and claims are looked at again each time.", "",
        *token_table(tokens, "repeat"), "",
        "### What was to be reached", "",
        "| | beside the best of the others | goal | |", "|---|---|---|---|",
        *verdict_rows(tokens), "",
        "A whole decision beside the check of the signature alone by OpenSSL with contexts that are kept (EdDSA: libsodium), of",
        "the same tokens; goals are those of a processor " + ("with" if "avx512ifma" in m["has"] else "without") + " AVX512-IFMA.", "",
        *signature_table(tokens, m["has"]), "",
        "### Allocations of one decision", "",
        "By our own code, and by everything in the process (OpenSSL's of RSA and ECDSA; we hand it contexts that are kept).", "",
        *allocation_lines(tokens), "",
        "## A broker under a storm", "",
    ]
    broker = result.get("broker", {})
    if "rows" in broker:
        lines += [f"{broker['broker']}, {broker['connects']:,} clients of MQTT 3.1.1 over loopback, {broker['in_flight']} at a time, each with a token of its own; the",
                  "broker on one core, the clients on another. Most of a connect is the kernel's and the broker's own.", ""]
    lines += [*broker_table(broker), "", "## Topic rights", ""]
    published = result.get("publish", {})
    lines += [*topics.table(result.get("topics", {})), ""]
    if "rows" in published:
        lines += [f"{published['broker']}, {published['messages']:,} messages at QoS 1 from one client to another, {published['rules']} rules that speak of them;",
                  "beside a broker without plugin, acl_file and passwords. Each message is asked about twice: to publish, and to deliver.", ""]
    lines += [*publish.table(published), "", "## Users", "",
              "`user import` of EMQX's CSV (salted SHA-256), then a new process up to its first decision, for the last of them.", "",
              *users_table(result.get("users", {})), "", *keys_lines(result.get("keys", {})),
              "## The daemon", "",
              f"One worker on one core, the load on another, {http.CONNECTIONS} connections that are kept, each with one request at a time;",
              "ES256, tokens of about 450 bytes, their two claims bound to the client. The servers beside it do the same job, one core",
              "each, and have to refuse forged, expired and others' tokens before they count.", "",
              *http.table(result.get("http", {})), "", *http.verdicts(result.get("http", {})), "",
              *rabbitmq.table(result.get("rabbitmq", {})), "", *sweep_lines(result), "## Left out", ""]
    left = left_out_lines(result)
    lines += left if left else ["Nothing."]
    return "\n".join(lines) + "\n\n" + notes


def fast_lines(tokens):
    served = {a: modes for a, modes in tokens.items() if OURS in modes.get("openssl", {})}
    if not served:
        return []
    confirm = ", ".join(f"{modes['cold'][OURS]['other_threads_us']:.0f} µs ({a})" for a, modes in served.items())
    return [f"Of {' and '.join(served)} these are the figures of the default, `[crypto] engine = \"auto\"`: tables made once for each key, and",
            "OpenSSL confirming what was accepted on a thread of its own, whose time, here as much as it had on the same core, stands",
            f"beside them: {confirm} a token.", "",
            '### Cold, with `[crypto] engine = "openssl"`', "",
            *token_table(tokens, "openssl"), ""]


def sweep_lines(result):
    """Graphs, the dearest attempt, the flame graph."""
    swept, profile = result.get("sweeps", {}), result.get("flame", {})
    lines = ["## While one thing grows", ""]
    if "graphs" not in swept:
        lines += [f"Left out: {swept.get('left_out', 'not run')}.", ""]
    else:
        lines += ["Microseconds of CPU of one decision (of one topic check, for the rules); both axes are logarithmic.", ""]
        for graph, series in swept["graphs"].items():
            ends = "; ".join(f"{name}: {points[0][1]:.3g} µs at {points[0][0]:,.0f}, {points[-1][1]:.3g} µs at {points[-1][0]:,.0f}" for name, points in sorted(series.items()))
            lines += [f"![{graph}](graphs/{file_name(graph)})", "", f"{graph[0].upper()}{graph[1:]}: {ends}.", ""]
        lines += ["## The dearest attempt of a stranger", "",
                  "Found by search among 1,500 random attempts without a key (algorithm, size, depth, members, escapes, damage), against a",
                  "gate with a key of each kind; each was refused. A password's hash is not among them: guesses are braked before it.", "",
                  "| attempt | bytes | cost |", "|---|---|---|", *(f"| {family} | {size:,} | {cost:.1f} µs |" for family, size, cost in swept["worst"]), ""]
    lines += ["## Where a storm's time goes", ""]
    if "stacks" not in profile:
        return [*lines, f"Left out: {profile.get('left_out', 'not run')}.", ""]
    total = sum(profile["stacks"].values())

    def share(word):
        return sum(n for stack, n in profile["stacks"].items() if word in stack) / total

    return [*lines, f"![{profile['title']}](graphs/storm.svg)", "",
            f"{profile['title']}: {share('sallyport'):.0%} of it is in our plugin, {share('fast::'):.0%} in the check of the signature; the rest is the",
            "broker's and, most of all, the kernel's: accept, read, write, close.", ""]


def verdict_rows(tokens):
    rows = []
    for algorithm, modes in tokens.items():
        for mode, table in modes.items():
            name, ratio = best_of_others(table)
            if name is None or "ops" not in table.get(OURS, {}):
                continue
            goal = goals_of(algorithm, mode)
            verdict = "" if ratio >= 1 else "behind"
            if goal:
                verdict = "; ".join("reached" if ratio >= each else "not reached" for each in goal)
            goal = "; ".join(f"{each:g}" for each in goal)
            how = 'cold, engine = "openssl"' if mode == "openssl" else mode
            rows.append(f"| {algorithm} {how} | {ratio:.2f} times {name} | {goal or '-'} | {verdict} |")
    return rows


def goals_of(algorithm, mode):
    first = [GOALS[algorithm]] if mode == "cold" and algorithm in GOALS else []
    further = [FURTHER[algorithm, mode]] if (algorithm, mode) in FURTHER else []
    return first + further + ([REPEAT] if mode == "repeat" else [])


def signature_table(tokens, has):
    """A whole decision beside OpenSSL's check of the signature alone."""
    lines = ["| | OpenSSL's check alone | a whole decision | times as fast | goal | |", "|---|---|---|---|---|---|"]
    for algorithm, modes in tokens.items():
        alone, ours = modes.get("signature", {}).get(OURS, {}), modes.get("cold", {}).get(OURS, {})
        if "ops" not in alone or "to_signature" not in ours:
            continue
        goal = SIGNATURE_GOALS.get(algorithm, (None, None))[0 if "avx512ifma" in has else 1]
        verdict = "" if goal is None else "reached" if ours["to_signature"] >= goal else "not reached"
        lines.append(f"| {algorithm} | {number(alone['ops'])}/s | {number(ours['ops'])}/s | **{ours['to_signature']:.2f}** | {goal or '-'} | {verdict} |")
    return lines if len(lines) > 2 else []
