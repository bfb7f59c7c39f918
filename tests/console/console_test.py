"""The console: its types against the contract, its units, and its pages in a browser on a real daemon and broker."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from harness import machine

ROOT = machine.ROOT
CONSOLE = ROOT / "console"
HERE = pathlib.Path(__file__).resolve().parent
TITLE = re.compile(r"^ *(?:test|bare)\(\s*(['`])(.*?)\1, async", re.M)


def node(*words, seconds=600, **environment):
    env = {**os.environ, "NODE_PATH": str(CONSOLE / "node_modules"), **environment}
    return subprocess.run(["node", *map(str, words)], cwd=CONSOLE, env=env, capture_output=True, text=True, timeout=seconds)


def prepare():
    done = subprocess.run([ROOT / "scripts" / "npm-ci", "console"], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)


class ConsoleUnits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        prepare()

    def test_the_types_of_the_pages_agree_with_the_contract(self):
        made = node("node_modules/openapi-typescript/bin/cli.js", "../api/openapi.yaml", "-o", "src/api/schema.d.ts")
        self.assertEqual(made.returncode, 0, made.stdout + made.stderr)
        checked = node("node_modules/vue-tsc/bin/vue-tsc.js", "--noEmit")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_the_units_of_the_console_pass(self):
        done = node("node_modules/vitest/vitest.mjs", "run", "--reporter=dot")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_mock_of_development_is_in_nothing_that_is_built(self):
        built = "".join(file.read_text() for file in (CONSOLE / "dist" / "assets").glob("*.js"))
        self.assertTrue(built)
        for canary in ("Vb7mQx2tKp9wHs4cRn3z", "made-up", "the mock has no"):
            self.assertNotIn(canary, built)


class ConsolePages(unittest.TestCase):
    """One run of the browser; each sentence of the specs is a test here."""

    results = None

    @classmethod
    def setUpClass(cls):
        prepare()
        with tempfile.TemporaryDirectory(prefix="sp-console-") as folder:
            report = pathlib.Path(folder) / "report.json"
            pictures = {"CONSOLE_PICTURES": str(pathlib.Path(folder) / "pictures")} if os.environ.get("SALLYPORT_TEST_ALL") else {}
            done = node(
                "node_modules/@playwright/test/cli.js", "test", "-c", HERE, seconds=900,
                CONSOLE_REPORT=str(report), CONSOLE_OUTPUT=str(pathlib.Path(folder) / "output"),
                **pictures,
            )  # fmt: skip
            if not report.exists():
                raise RuntimeError(f"the browser's run left no report:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
            cls.results = {}
            cls.collect(json.loads(report.read_text()).get("suites", []))

    @classmethod
    def collect(cls, suites):
        for suite in suites:
            cls.collect(suite.get("suites", []))
            for spec in suite.get("specs", []):
                cls.results[spec["title"]] = spec

    def judge(self, title):
        spec = self.results.get(title)
        self.assertIsNotNone(spec, "the browser's run does not know this test")
        last = spec["tests"][0]["results"][-1] if spec["tests"] and spec["tests"][0]["results"] else {}
        if last.get("status") == "skipped":
            self.skipTest("the daemon has not this operation yet, or only scripts/console-pictures asks for it")
        errors = "\n".join(re.sub(r"\x1b\[[0-9;]*m", "", one.get("message", "")) for one in last.get("errors", []))
        self.assertTrue(spec["ok"], errors or json.dumps(last)[:2000])


def sentences():
    for file in sorted(HERE.glob("*.spec.ts")):
        if file.name == "pictures.spec.ts" and not os.environ.get("SALLYPORT_TEST_ALL"):
            continue
        for _, title in TITLE.findall(file.read_text()):
            if "${theme}" in title:
                yield from (title.replace("${theme}", theme) for theme in ("light", "dark"))
            else:
                yield title


for one in sentences():

    def case(self, title=one):
        self.judge(title)

    case.sentence = one
    setattr(ConsolePages, "test_" + re.sub(r"\W+", "_", one), case)
