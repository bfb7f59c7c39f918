"""docs/security.md names tests, and docs/tokens.md sizes: both must be true."""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

from harness import machine

ROOT = machine.ROOT
UNIT = re.compile(r"^(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P)\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
NAMED = re.compile(r"`([A-Z]\w+\.[A-Z]\w+|\w+_test\.py: test_\w+)`")
OPEN_ROWS = ("signature ", "RSA PKCS#1", "key ")


def tests_of_the_tree():
    names = set()
    for folder in ("src", "cli", "daemon", "brokers"):
        for file in (ROOT / folder).rglob("*_test.cpp"):
            names.update(f"{suite}.{name}" for suite, name in UNIT.findall(file.read_text(encoding="utf-8")))
    for file in (ROOT / "tests").rglob("*_test.py"):
        names.update(f"{file.name}: {name}" for name in re.findall(r"def (test_\w+)\(", file.read_text(encoding="utf-8")))
    return names


def rows(text):
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith("|---"):
            yield [cell.strip() for cell in line.strip().strip("|").split(" | ")]


class TheStandards(unittest.TestCase):
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")

    def test_every_test_that_security_md_names_is_in_the_tree(self):
        named, there = set(NAMED.findall(self.text)), tests_of_the_tree()
        self.assertGreater(len(named), 80)
        self.assertEqual(sorted(named - there), [])

    def test_every_test_that_the_threat_model_names_is_in_the_tree(self):
        page = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
        named, there = set(NAMED.findall(page)), tests_of_the_tree()
        self.assertGreater(len(named), 50)
        self.assertEqual(sorted(named - there), [])
        attacks = [row for row in rows(page.split("## Where trust ends")[1]) if row[0] not in ("attack", "slip")]
        self.assertEqual([row[0] for row in attacks if not NAMED.search(row[-1])], [])

    def test_every_attack_of_the_review_names_a_test_of_the_tree(self):
        page = (ROOT / "docs" / "security-review.md").read_text(encoding="utf-8")
        named, there = set(NAMED.findall(page)), tests_of_the_tree()
        self.assertGreater(len(named), 30)
        self.assertEqual(sorted(named - there), [])
        self.assertEqual([row[0] for row in rows(page) if row[0] not in ("attack", "from") and not NAMED.search(row[-1])], [])

    def test_a_name_that_is_not_in_the_tree_is_found(self):
        self.assertNotIn("AttackTest.ThatNobodyWrote", tests_of_the_tree())
        self.assertEqual(NAMED.findall("`AttackTest.ThatNobodyWrote` `a_test.py: test_b` `alg`"), ["AttackTest.ThatNobodyWrote", "a_test.py: test_b"])

    def test_every_clause_has_a_test_beside_it(self):
        bare = [row[0] for row in rows(self.text) if row[0] not in ("clause", "point", "vectors") and not row[0].startswith(OPEN_ROWS) and not NAMED.search(row[-1])]
        self.assertEqual(bare, [])

    def test_every_point_of_rfc_8725_has_its_row(self):
        clauses = " ".join(row[0] for row in rows(self.text.split("## RFC 9700")[0]))
        self.assertEqual([n for n in range(1, 13) if not re.search(rf"\b3\.{n}\b", clauses)], [])

    def test_the_vectors_that_are_decided_otherwise_are_those_of_the_code(self):
        code = (ROOT / "src" / "jose" / "wycheproof_test.cpp").read_text(encoding="utf-8")
        decided = set(re.findall(r"\{(\d+), \"", code))
        page = self.text.split("## Wycheproof")[1]
        self.assertEqual(decided, {n for row in rows(page) if row[0].startswith("signature ") for n in re.findall(r"\d+", row[0])})


class Sizes(unittest.TestCase):
    def test_tokens_are_as_long_as_tokens_md_says(self):
        text = (ROOT / "docs" / "tokens.md").read_text(encoding="utf-8")
        table = {row[0]: list(map(int, row[1:])) for row in rows(text.split("<!-- sizes")[1].split("## ")[0]) if row[0] != "alg"}
        kinds = {"HS256": "hs256", "HS512": "hs512", "EdDSA, Ed25519": "ed25519", "ES256": "es256", "ES384": "es384", "EdDSA, Ed448": "ed448", "ES512": "es512",
                 "RS256, PS256, 2048 bits": "rsa2048"}  # fmt: skip
        full = ["--issuer", "https://id.example.com", "--audience", "mqtt.example.com", "--claim", "username=pump-7", "--claim", "clientid=pump-7", "--jti"]
        measured = {}
        with tempfile.TemporaryDirectory() as folder:
            for name, kind in kinds.items():
                at = pathlib.Path(folder) / kind
                self.run_cli("key", "generate", "--type", kind, "--out", at)
                key = next(file for file in (at / "key.pem", at / "key.secret") if file.exists())
                alg = ["--alg", name] if name == "HS512" else []
                # The full one has a kid of 43 characters, a thumbprint, whatever the kind.
                kid = ["--kid", "k" * len(json.loads((at / "key.jwk.json").read_text())["kid"])]
                measured[name] = [
                    len(self.run_cli("token", "issue", "--key-file", key, *alg, "--subject", "pump-7", "--ttl", "30d", *words))
                    for words in (["--no-iat", "--typ", ""], [], full + kid)
                ]
        self.assertEqual(measured, {name: table[name] for name in kinds})

    def run_cli(self, *words) -> str:
        done = subprocess.run([str(machine.SALLYPORT), *map(str, words)], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.strip()


if __name__ == "__main__":
    unittest.main()
