"""Whole tokens, one algorithm and one contestant at a time, in interleaved rounds on one core."""
import json
import os
import statistics
import subprocess

from .peers import BUILD, OURS

ALGORITHMS = ["HS256", "RS256", "ES256", "ES384", "EdDSA", "PS256", "ES512"]
REFUSALS = ["refused_forged", "refused_expired", "refused_other_name", "refused_other_client"]
UNSUPPORTED = 4
# openssl: cold, by OpenSSL alone, beside the others as they are; signature: nothing but its check, without claims
MODES = ["cold", "openssl", "repeat", "signature"]


def make_tokens(algorithms, count=64, folder="tokens"):
    """Keys and tokens made now; several, so that no contestant meets the same bytes twice in a row."""
    folder = BUILD / folder
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run([str(BUILD / "bin" / "bench_tokens"), str(folder), str(count), *algorithms], check=True)
    return folder


def pinned(core, command):
    return ["taskset", "-c", str(core), *command] if core is not None else command


def one_turn(contestant, algorithm, mode, folder, seconds, core):
    """What one run of a contestant says; None where its library has no such algorithm."""
    command = pinned(core, [*contestant.command, algorithm, mode, str(folder), str(seconds)])
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, **contestant.environment})
    if done.returncode == UNSUPPORTED:
        return None
    if done.returncode != 0:
        raise RuntimeError(f"{contestant.name} {algorithm} {mode}: exit {done.returncode}: {done.stderr.strip()[-300:]}")
    return json.loads(done.stdout)


def honest(answer, mode):
    """A contestant counts only where it accepts the good and refuses each of the bad."""
    return not faults(answer, mode)


def faults(answer, mode):
    wrong = [] if answer["accepted"] else ["does not accept the good tokens"]
    refusals = ["refused_forged"] if mode == "signature" else REFUSALS
    return wrong + [f"does not pass {name}" for name in refusals if not answer.get(name)]


def measure(contestants, algorithms, rounds, seconds, core, say):
    """{algorithm: {mode: {name: {...}}}}: medians and spread of operations a CPU second."""
    folder = make_tokens(algorithms)
    results = {}
    for algorithm in algorithms:
        runs = [(mode, c) for mode in MODES for c in contestants if mode in c.modes]
        samples, wrong, extra = {}, {}, {}
        for turn in range(rounds):
            say(f"{algorithm}: round {turn + 1} of {rounds}")
            for mode, contestant in runs:
                which = (mode, contestant.name)
                if which in wrong:
                    continue
                try:
                    answer = one_turn(contestant, algorithm, mode, folder, seconds, core)
                except (RuntimeError, subprocess.SubprocessError, ValueError) as fault:
                    wrong[which] = str(fault)
                    continue
                if answer is None:
                    wrong[which] = "has no such algorithm"
                elif not honest(answer, mode):
                    wrong[which] = ", ".join(faults(answer, mode))
                else:
                    samples.setdefault(which, []).append(answer["ops"])
                    extra[which] = {k: answer[k] for k in ("mallocs", "news", "other_threads_us") if k in answer}
        results[algorithm] = tables_of(samples, wrong, extra)
    return results


def tables_of(samples, wrong, extra):
    table = {}
    for (mode, name), values in samples.items():
        row = {"ops": statistics.median(values), "spread": (max(values) - min(values)) / statistics.median(values), **extra[(mode, name)]}
        ours = samples.get((mode, OURS))
        if ours and name != OURS:
            # A round's own ratio: what slows a minute down slows both.
            row["ratio"] = statistics.median(a / b for a, b in zip(ours, values))
        table.setdefault(mode, {})[name] = row
    alone = samples.get(("openssl", OURS))
    if alone:
        for name, row in list(table.get("cold", {}).items()):
            if name != OURS:
                ratio = statistics.median(a / b for a, b in zip(alone, samples[("cold", name)]))
                table["openssl"][name] = {**row, "ratio": ratio}
    signature = samples.get(("signature", OURS))
    if signature:
        row = table["cold"].get(OURS)
        ratios = [a / b for a, b in zip(samples.get(("cold", OURS), []), signature)]
        if row and ratios:
            row["to_signature"] = statistics.median(ratios)
    for (mode, name), why in wrong.items():
        if why == "has no such algorithm" and mode in ("openssl", "signature"):
            continue  # the fast engine serves no such algorithm: cold is by OpenSSL or libsodium
        table.setdefault(mode, {})[name] = {"left_out": why}
    return table


def best_of_others(table):
    """(name, ratio) of the peer that comes nearest to us, or passes us."""
    rows = [(row["ratio"], name) for name, row in table.items() if "ratio" in row]
    return min(rows)[::-1] if rows else (None, None)


def check(contestants, algorithms, say):
    """The quick self-test: every contestant accepts the good and refuses the bad. The faults."""
    folder = make_tokens(algorithms)
    found = []
    for contestant in contestants:
        for algorithm in algorithms:
            for mode in contestant.modes:
                try:
                    answer = one_turn(contestant, algorithm, mode, folder, 0.02, None)
                except (RuntimeError, subprocess.SubprocessError, ValueError) as fault:
                    found.append(str(fault))
                    continue
                if answer is None:
                    say(f"{contestant.name} {algorithm} {mode}: has no such algorithm")
                    continue
                found += [f"{contestant.name} {algorithm} {mode}: {fault}" for fault in faults(answer, mode)]
                say(f"{contestant.name} {algorithm} {mode}: {'right' if honest(answer, mode) else 'WRONG'}")
    return found
