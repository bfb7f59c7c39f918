"""What was measured, in words: to the terminal and to docs/performance.md."""
import platform
import re
import subprocess

from .peers import OURS
from .tokens import best_of_others

GOALS = {"HS256": 3.0, "RS256": 1.1, "ES256": 1.1}


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
            goal = GOALS.get(algorithm) if mode == "cold" else None
            verdict = "" if goal is None else f"   goal {goal:g}: {'reached' if ratio >= goal else 'NOT REACHED'}"
            if goal is None and ratio < 1:
                verdict = "   behind"
            lines.append(f"{algorithm:6} {mode:6} {ratio:6.2f} times {name}{verdict}")
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
