"""`sallyport key`, `token` and `jws`: keys and tokens made, looked into and checked."""

import csv
import io
import json
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import unittest

from harness import machine, tokens

TYPES = {"es256": "ES256", "es384": "ES384", "es512": "ES512", "rsa2048": "RS256", "ed25519": "EdDSA", "ed448": "EdDSA", "hs256": "HS256", "hs512": "HS512"}
VECTORS = os.path.join(os.path.dirname(__file__), "..", "vectors")


def read(*path) -> str:
    return pathlib.Path(*path).read_text(encoding="utf-8")


class Commands(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="sallyport-")
        self.addCleanup(shutil.rmtree, self.folder, True)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def run_cli(self, *words, stdin="", code=0):
        done = subprocess.run([str(machine.SALLYPORT), *words], input=stdin, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, code, (words, done.stdout[-1000:], done.stderr[-1000:]))
        return done

    def key(self, kind="es256"):
        self.run_cli("key", "generate", "--type", kind, "--out", self.path(kind))
        return self.path(kind)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8", newline="") as file:
            file.write(text)
        return self.path(name)


class Keys(Commands):
    def test_every_type_signs_what_its_public_half_verifies(self):
        for kind, alg in TYPES.items():
            folder = self.key(kind)
            secret = kind.startswith("hs")
            token = self.run_cli("token", "issue", "--alg", alg, "--key-file", f"{folder}/key.{'secret' if secret else 'pem'}", "--subject", "x", "--ttl", "1h").stdout.strip()
            for keys in ["key.jwk.json"] if secret else ["key.jwks.json", "key.pub.jwk.json", "key.pub.pem"]:
                done = self.run_cli("jws", "verify", "--keys", f"{folder}/{keys}", "--json", "-", stdin=token)
                self.assertTrue(json.loads(done.stdout)["valid"], (kind, keys))
            bad = token[:-8] + ("AAAAAAAA" if token[-8:] != "AAAAAAAA" else "BBBBBBBB")
            done = self.run_cli("jws", "verify", "--keys", f"{folder}/key.jwk.json" if secret else f"{folder}/key.jwks.json", "--json", "-", stdin=bad, code=1)
            self.assertEqual(json.loads(done.stdout)["reason"], "bad_signature")

    def test_private_files_are_their_owners_alone_and_never_written_over(self):
        folder = self.key()
        for name, mode in {"key.pem": 0o600, "key.jwk.json": 0o600}.items():
            self.assertEqual(stat.S_IMODE(os.stat(f"{folder}/{name}").st_mode), mode, name)
        self.assertNotIn('"d"', read(f"{folder}/key.jwks.json"))
        before = read(f"{folder}/key.pem")
        done = self.run_cli("key", "generate", "--type", "es256", "--out", folder, code=1)
        self.assertIn("is not overwritten", done.stderr)
        self.assertEqual(read(f"{folder}/key.pem"), before)

    def test_show_tells_kind_size_and_use_and_not_the_private_part(self):
        folder = self.key()
        private = json.loads(read(f"{folder}/key.jwk.json"))
        done = self.run_cli("key", "show", f"{folder}/key.pem")
        self.assertIn("EC P-256, 256 bits", done.stdout)
        self.assertIn(private["kid"], done.stdout)
        self.assertNotIn(private["d"], done.stdout)
        shown = json.loads(self.run_cli("key", "show", f"{folder}/key.jwks.json", "--json").stdout)
        self.assertEqual((shown[0]["verifies"], shown[0]["signs"]), (["ES256"], []))
        self.assertEqual(self.run_cli("key", "show", f"{folder}/key.pem", "--public").stdout, read(f"{folder}/key.pub.pem"))

    def test_show_says_that_a_secret_is_published(self):
        self.assertIn("public documents", self.run_cli("key", "show", self.write("s", "secret\n")).stdout)


class Issue(Commands):
    def inspect(self, token, code=0):
        return json.loads(self.run_cli("token", "inspect", "--json", "-", stdin=token, code=code).stdout)

    def issue(self, *words, code=0):
        return self.run_cli("token", "issue", "--key-file", self.path("es256", "key.jwk.json"), *words, code=code)

    def test_claims_are_text_or_json_as_they_are_written(self):
        self.key()
        token = self.issue("--claim", "a=7", "--claim", "b:=7", "--claim", "c:=[true,null,1.50]", "--claims-json", '{"d":{"e":"f"}}', "--audience", "x", "--audience", "y", "--ttl", "2h").stdout.strip()
        report = self.inspect(token)
        claims = report["claims"]
        self.assertEqual((claims["a"], claims["b"], claims["c"], claims["d"], claims["aud"]), ("7", 7, [True, None, 1.5], {"e": "f"}, ["x", "y"]))
        self.assertEqual(claims["exp"] - claims["iat"], 7200)
        self.assertEqual(report["header"]["alg"], "ES256")
        self.assertEqual(report["header"]["kid"], json.loads(read(self.path("es256", "key.jwk.json")))["kid"])
        self.assertFalse(report["verified"])

    def test_what_contradicts_is_a_usage_error(self):
        self.key()
        for words in (["--claim", "a=1", "--claim", "a=2"], ["--claim", "exp:=1", "--ttl", "1h"], ["--claim", "noequals"], ["--claim", "a:=[", ], ["--claims-json", '{"a":1,"a":2}'], ["--claims-json", "[]"],
                      ["--alg", "HS256"], ["--alg", "none"], ["--ttl", "soon"], ["--claim", "a=${column}"]):
            done = self.issue(*words, code=2)
            self.assertEqual(done.stdout, "", words)

    def test_a_jwk_that_names_an_algorithm_signs_with_it_and_no_other(self):
        self.run_cli("key", "generate", "--type", "rsa2048", "--alg", "PS384", "--out", self.path("es256"))
        token = self.issue("--subject", "x", "--ttl", "1h").stdout.strip()
        self.assertEqual(self.inspect(token)["header"]["alg"], "PS384")
        self.run_cli("jws", "verify", "--keys", self.path("es256", "key.jwks.json"), "-", stdin=token)
        self.assertIn("PS384 alone", self.issue("--alg", "RS256", "--subject", "x", "--ttl", "1h", code=2).stderr)

    def test_a_batch_makes_a_token_a_row_in_order(self):
        self.key()
        table = self.write("devices.csv", '\ufeffserial,site\r\n' + "".join(f'dev-{i},"a, ""b"" {i}"\r\n' for i in range(300)))
        words = ["--claim", "sub=${serial}", "--claims-json", '{"where":{"site":"at ${site}"}}', "--ttl", "30d"]
        rows = list(csv.DictReader(io.StringIO(self.issue("--batch", table, *words).stdout)))
        self.assertEqual([row["serial"] for row in rows], [f"dev-{i}" for i in range(300)])
        claims = self.inspect(rows[299]["token"])["claims"]
        self.assertEqual((claims["sub"], claims["where"]["site"]), ("dev-299", 'at a, "b" 299'))
        lines = self.issue("--batch", table, "--format", "jsonl", *words).stdout.splitlines()
        self.assertEqual(json.loads(lines[7])["site"], 'a, "b" 7')

    def test_bad_rows_are_named_and_nothing_is_written(self):
        self.key()
        table = self.write("devices.csv", 'serial,site\na,b\n,c\nd\n"e\nf",g\n')
        done = self.issue("--batch", table, "--claim", "sub=${serial}", "--ttl", "1h", code=1)
        self.assertEqual(done.stdout, "")
        self.assertIn("row 3", done.stderr)
        self.assertIn("row 4", done.stderr)
        self.assertNotIn("row 5", done.stderr)

    def test_a_token_of_a_settings_secret_is_signed_by_it(self):
        settings = self.write("sallyport.toml", '[jwt]\nsecret = "a secret for this test, long enough"\n')
        token = self.run_cli("token", "issue", "--config", settings, "--subject", "x", "--ttl", "1h").stdout.strip()
        done = self.run_cli("decide", "--config", settings, "--password-stdin", stdin=token)
        self.assertIn("allow", done.stdout)


class Inspect(Commands):
    def test_reads_without_trusting_and_says_so(self):
        done = self.run_cli("token", "inspect", "-", stdin=tokens.SAMPLE)
        self.assertTrue(done.stdout.startswith("not verified"), done.stdout)
        self.assertIn("2018-01-18 01:30:22 UTC", done.stdout)
        self.assertNotIn("valid:", done.stdout)

    def test_names_the_fault_of_what_is_no_token(self):
        for text, fault in {"hunter2": "not_a_token", tokens.SAMPLE + "=": "malformed_token", "eyJhbGciOiJub25lIn0.e30.": "unsupported_algorithm"}.items():
            self.assertEqual(json.loads(self.run_cli("token", "inspect", "--json", "-", stdin=text, code=1).stdout)["fault"], fault)


class JwsBatch(Commands):
    def batch(self, lines, code=0):
        return [json.loads(line) for line in self.run_cli("jws", "verify", "--batch", "-", stdin="\n".join(lines), code=code).stdout.splitlines()]

    def test_the_tokens_of_the_rfcs_have_their_reasons(self):
        vectors = json.loads(read(os.path.join(VECTORS, "jose", "jws.json")))
        answers = self.batch([json.dumps({"id": [i, None], "token": v["token"], "keys": v["keys"] if i % 2 else json.dumps({"keys": [v["keys"]]})}) for i, v in enumerate(vectors)])
        self.assertEqual([(a["id"], a["valid"], a["reason"]) for a in answers], [([i, None], v["reason"] == "token_ok", v["reason"]) for i, v in enumerate(vectors)])

    def test_a_broken_line_is_answered_in_its_place_and_the_rest_goes_on(self):
        vector = json.loads(read(os.path.join(VECTORS, "jose", "jws.json")))[0]
        good = json.dumps({"id": "g", "token": vector["token"], "keys": vector["keys"]})
        answers = self.batch([good, "nonsense", '{"id":1.50,"token":"x"}', "[1]", "x" * (5 << 20), good], code=2)
        self.assertEqual([a.get("reason") for a in answers], ["token_ok", None, None, None, None, "token_ok"])
        self.assertEqual([a.get("line") for a in answers], [None, 2, 3, 4, 5, None])
        self.assertEqual(answers[2]["id"], 1.5)

    def test_unusable_keys_are_left_aside_and_said(self):
        vector = json.loads(read(os.path.join(VECTORS, "jose", "jws.json")))[2]
        keys = {"keys": [{"kty": "weird"}, vector["keys"]]}
        self.assertTrue(self.batch([json.dumps({"id": 1, "token": vector["token"], "keys": keys})])[0]["valid"])
        answer = self.batch([json.dumps({"id": 1, "token": vector["token"], "keys": {"keys": [{"kty": "weird"}]}})])[0]
        self.assertEqual((answer["valid"], answer["reason"]), (False, "no_key_for_algorithm"))
        self.assertIn("weird", answer["detail"])


if __name__ == "__main__":
    unittest.main()
