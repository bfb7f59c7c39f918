"""Schemathesis asks the daemon what api/openapi.yaml lets it ask, and what it does not: no answer is a fault of the
daemon's own, each is one that the contract promises, and what the contract forbids is refused."""

import os
import pathlib
import re
import subprocess
import time
import unittest

from harness import contract, machine, peers, tokens
from harness.console import ConsoleCase

HERE = pathlib.Path(__file__).resolve().parent / "schemathesis"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,negative_data_rejection,unsupported_method"
# Of each operation, beside what is derived from its schema case by case.
EXAMPLES = 200 if os.environ.get("SALLYPORT_TEST_ALL") else 3


def installed() -> pathlib.Path:
    folder = machine.ROOT / "build" / "schemathesis"
    wanted = HERE / "requirements.txt"
    with peers.alone():
        folder.mkdir(parents=True, exist_ok=True)
        peers.tool(["/usr/bin/pip3"], ["--version"], (22, 0), "interop-python")
        peers.once(folder, wanted.read_bytes(), lambda: peers.words(
            ["/usr/bin/python3", "-m", "pip", "install", "-q", "--disable-pip-version-check", "--root-user-action=ignore", "--only-binary=:all:",
             "--default-timeout", "300", "--upgrade", "--target", folder / "site", "-r", wanted]))  # fmt: skip
    return folder / "site"


class SchemathesisTest(ConsoleCase):
    def setUp(self):
        try:
            self.site = installed()
        except peers.Missing as reason:
            raise unittest.SkipTest(f"schemathesis cannot be had: {reason}") from reason
        self.desk = self.console(store_settings=f'[jwt]\nsecret = "{tokens.KEY}"\naudience = "mqtt"\n[audit]\nkeep = "1d"\n')
        self.ada = self.desk.first("ada")
        # Something for each list to show.
        self.ada.post("/users", {"username": "meter-4711"})
        self.ada.post("/revocations", {"jti": "a", "why": "stolen"})
        for token in (tokens.good(), tokens.good(aud="mqtt"), tokens.expired()):
            self.desk.daemon.post_json("/v1/decide", {"clientid": "meter-7", "username": "u", "password": token})

    def run_it(self, headers, *words):
        command = [
            "/usr/bin/python3", "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml", "run", contract.FILE,
            "--url", f"http://{self.desk.host}/api/v1", "--no-color", "--seed", os.environ.get("SALLYPORT_SEED", "1"),
            "--generation-database", "none", "--continue-on-failure", "--phases", "examples,coverage,fuzzing", "--checks", CHECKS,
            "--max-examples", EXAMPLES,
            "--exclude-path", "/events",  # an answer without an end
        ]  # fmt: skip
        for header in headers:
            command += ["-H", header]
        done = subprocess.run(
            [*map(str, command), *words], cwd=self.desk.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=1000, env={**os.environ, "PYTHONPATH": str(self.site), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
        text = "\n".join(line[:300] for line in done.stdout.splitlines())
        self.assertEqual(done.returncode, 0, text[-12_000:])
        asked = re.search(r"(\d+) generated", text)
        self.assertTrue(asked, text[-2000:])
        return int(asked[1])

    def test_a_programs_questions_are_answered_as_the_contract_says(self):
        made = self.ada.post("/api-tokens", {"name": "ci", "role": "administrator", "ends_at": int(time.time()) + 3600})
        asked = self.run_it([f"Authorization: Bearer {made.json['token']}"])
        self.assertGreater(asked, 10 * len(contract.OPERATIONS))
        program = self.desk.seat()  # ada's own session may have been ended: the contract's example is her name
        program.token = made.json["token"]
        self.assertStatus(program.get("/overview"), 200)

    def test_what_a_session_alone_may_ask_is_answered_as_the_contract_says(self):
        # Those that end this very session are left out: what comes after them would be asked by nobody.
        out = ["DELETE /session", "PUT /session/password", "POST /session", "POST /session/first", "DELETE /administrators/{name}/sessions"]
        leave = [word for one in out for word in ("--exclude-name", one)]
        self.run_it([f"Cookie: {self.ada.cookie}", f"X-CSRF-Token: {self.ada.csrf}"], "--include-path-regex", "^/(administrators|api-tokens|activity|session)", *leave)
        self.assertStatus(self.ada.get("/session"), 200)
