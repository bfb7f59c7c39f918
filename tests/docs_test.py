"""Each `make` and `sallyport` command in the ```sh blocks of README.md and docs/*.md is run.

A page is one session in a folder of its own that holds sallyport.toml (a store,
a control socket, a key) and where /etc/sallyport/ and run/demo/ mean that folder.
Comments in the page say what a reader needs not see:

  <!-- test: skip REASON -->    the next block is not run
  <!-- test: exit N -->         the commands of the next block end with N
  <!-- test: run COMMAND -->    is run here, in bash
  <!-- test: file NAME -->      the next block, whatever its language, is written to NAME
  <!-- test: broker -->         from here on a broker runs with sallyport.toml, and has refused one client, "stranger"

Of `make` only what is quick is run as it stands; of the rest it is checked that
the target is there (the suites run them in other ways).
"""

import os
import pathlib
import re
import shutil
import subprocess
import unittest

from harness import machine, raw_mqtt, tokens
from harness.broker import Broker
from harness.gate import Gate

ROOT = machine.ROOT
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md") if (ROOT / name).exists()),
    *sorted((ROOT / "docs").glob("*.md")),
]
OURS = re.compile(r"(?:^|[|;&(]\s*)(?:sudo (?:-u \S+ )?)?(?:\S*/)?(sallyport|make)\s")
MARK = re.compile(r"^<!--\s*test:\s*(skip|exit|run|file|broker)\b\s*(.*?)\s*-->$")
QUICK_MAKE = {"help"}


def blocks(text):
    """(line number, kind, words) of each marker and block in the page's order; kind "block": (language, lines)."""
    lines, i = text.splitlines(), 0
    while i < len(lines):
        line = lines[i].strip()
        mark = MARK.match(line)
        if mark:
            yield i + 1, mark.group(1), mark.group(2)
        fence = re.match(r"^(`{3,}|~{3,})\s*([\w+-]*)", line)
        if fence:
            start, body = i, []
            i += 1
            while i < len(lines) and not lines[i].strip().startswith(fence.group(1)):
                body.append(lines[i])
                i += 1
            yield start + 1, "block", (fence.group(2), body)
        i += 1


def commands(body):
    """The commands of a block with their line offset: continued lines joined, a prompt taken off."""
    joined, start = "", 0
    for offset, line in enumerate(body):
        if not joined:
            start = offset
        joined += line.strip() if joined else line.strip().removeprefix("$ ")
        if joined.endswith("\\"):
            joined = joined[:-1]
            continue
        if joined and not joined.startswith("#"):
            yield start, joined
        joined = ""


class Page:
    """The session of one page."""

    def __init__(self):
        self.gate = Gate(f'[jwt]\nsecret = "{tokens.KEY}"\n')
        self.folder = self.gate.folder
        self.broker = None
        bin_folder = self.folder / "bin"
        bin_folder.mkdir()
        (bin_folder / "sallyport").symlink_to(machine.SALLYPORT)
        self.env = dict(os.environ, PATH=f"{bin_folder}:{os.environ['PATH']}:/usr/sbin", LC_ALL="C.UTF-8")
        for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):
            self.env.pop(name, None)

    def close(self):
        if self.broker is not None:
            self.broker.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def translate(self, text):
        text = re.sub(r"(?<![\w/])(/etc/sallyport|/var/lib/sallyport|/run/sallyport|run/demo)/", f"{self.folder}/", text)
        text = re.sub(r"(?<![\w/])(\./)?build/release/bin/sallyport\b", "sallyport", text)
        return re.sub(r"\bsudo (-u \S+ )?", "", text)

    def run(self, command):
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", self.translate(command)],
            cwd=self.folder, env=self.env, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120,
        )  # fmt: skip

    def start_broker(self):
        if self.broker is None:
            for path in self.folder.iterdir():
                if path.is_file():
                    machine.give_to_broker(path)
            self.broker = Broker(self.gate).start()
            raw_mqtt.connack(self.broker.port, client_id="stranger", username="x", password="no token")


def make_targets():
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))


def check_make(case, page, command):
    for words in re.findall(r"(?:^|[|;&(]\s*)make\s+([^|;&]*)", page.translate(command)):
        targets = [word for word in words.split() if "=" not in word and not word.startswith("-")]
        for target in targets:
            case.assertIn(target, make_targets(), f"`{command}` names a target that the Makefile has not")
            if target in QUICK_MAKE:
                done = subprocess.run(["make", "-s", "-C", ROOT, target], env=page.env, capture_output=True, text=True, timeout=120)
                case.assertEqual(done.returncode, 0, done.stdout + done.stderr)


def test_of(kind, words, command, code):
    def test(self):
        page = self.page
        if kind == "run":
            done = page.run(words)
            self.assertEqual(done.returncode, 0, f"{words}\n{done.stdout}{done.stderr}")
        elif kind == "file":
            path = pathlib.Path(page.translate(words))
            path = path if path.is_absolute() else page.folder / path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(page.translate(command))
        elif kind == "broker":
            page.start_broker()
        elif kind == "make":
            check_make(self, page, command)
        else:
            done = page.run(command)
            self.assertEqual(done.returncode, code, f"{command}\n{done.stdout}{done.stderr}")

    return test


def page_case(path):
    """A TestCase whose tests are the page's commands in their order."""
    page_name = str(path.relative_to(ROOT))
    body = {"maxDiff": None}
    skip, code, file = None, 0, None
    count = 0

    def add(line, text, test):
        nonlocal count
        count += 1
        short = text if len(text) <= 90 else text[:87] + "..."
        name = f"test_{count:04d}_"
        test.sentence = f"{page_name}:{line} {short}"
        body[name] = test

    for line, kind, words in blocks(path.read_text()):
        if kind == "skip":
            skip = words
        elif kind == "exit":
            code = int(words)
        elif kind == "file":
            file = words
        elif kind in ("run", "broker"):
            add(line, f"({kind}) {words}", test_of(kind, words, "", 0))
        else:
            language, lines = words
            if file is not None:
                add(line, f"(file) {file}", test_of("file", file, "\n".join(lines) + "\n", 0))
            elif language in ("sh", "bash", "shell", "console") and skip is None:
                for offset, command in commands(lines):
                    found = OURS.search(command)
                    if found:
                        ours = "make" if found.group(1) == "make" else "sallyport"
                        add(line + 1 + offset, command, test_of(ours, "", command, code))
            skip, code, file = None, 0, None

    def set_up(cls):
        cls.page = Page()

    def tear_down(cls):
        cls.page.close()

    body["setUpClass"], body["tearDownClass"] = classmethod(set_up), classmethod(tear_down)
    return type("Page_" + re.sub(r"\W", "_", page_name), (unittest.TestCase,), body)


globals().update({case.__name__: case for case in map(page_case, PAGES)})


class TheReader(unittest.TestCase):
    def test_the_reader_of_pages_finds_blocks_marks_and_commands(self):
        text = "<!-- test: exit 1 -->\n```sh\n$ sallyport a \\\n  b\nls\n# make x\n```\n\n```toml\n[jwt]\n```\n"
        found = list(blocks(text))
        self.assertEqual([(one[0], one[1]) for one in found], [(1, "exit"), (2, "block"), (9, "block")])
        self.assertEqual(list(commands(found[1][2][1])), [(0, "sallyport a b"), (2, "ls")])
        self.assertTrue(OURS.search("echo x | sallyport user add"))
        self.assertFalse(OURS.search("cat sallyport.toml"))

    def test_a_skipped_block_gives_its_reason(self):
        for path in PAGES:
            for line, kind, words in blocks(path.read_text()):
                if kind == "skip":
                    self.assertTrue(words, f"{path}:{line}")
