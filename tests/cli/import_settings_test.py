"""`sallyport config import`: secrets of the file are in the store as the console keeps them, sealed."""

import shutil
import unittest

from harness import tokens
from harness.gate import Gate

SECRETS = ("canary-secret-of-thirty-two-bytes!", "canary-secret-of-another-issuer-32", "canary-header")
FILE = f"""# why the leeway is what it is
[jwt]
secret = "{SECRETS[0]}"
audience = "mqtt"
jwks_url = "https://id.example/keys"
jwks_headers = {{ X-Key = "{SECRETS[2]}" }}
[[jwt.issuers]]
name = "plant"
issuer = "https://plant.example"
secret = "{SECRETS[1]}"
audience = "mqtt"
"""


class ImportSettings(unittest.TestCase):
    def setUp(self):
        self.gate = Gate("")
        self.addCleanup(shutil.rmtree, self.gate.folder, True)
        self.file = self.gate.folder / "revision.toml"
        self.file.write_text(FILE)

    def decide(self, token):
        done = self.gate.run("decide", "--config", self.gate.file, "--clientid", "c", "--username", "u", "--password-stdin", "--json", stdin=token)
        import json

        return json.loads(done.stdout)["reason"]

    def stored(self):
        return b"".join(one.read_bytes() for one in self.gate.folder.glob("store.db*"))

    def test_no_secret_of_the_file_is_in_the_store_and_all_are_in_force(self):
        self.gate.seal()
        self.assertEqual(self.gate.cli_json("config", "import", self.file)["revision"], 1)
        for secret in SECRETS:
            self.assertNotIn(secret.encode(), self.stored())
        self.assertEqual(self.decide(tokens.hs({"sub": "x", "aud": "mqtt"}, key=SECRETS[0])), "token_ok")
        self.assertEqual(self.decide(tokens.hs({"sub": "x", "aud": "mqtt", "iss": "https://plant.example"}, key=SECRETS[1])), "token_ok")
        self.assertEqual(self.decide(tokens.hs({"sub": "x", "aud": "mqtt"}, key=tokens.KEY)), "bad_signature")

    def test_the_same_file_again_is_no_new_revision_and_another_secret_is(self):
        self.gate.seal()
        self.gate.cli("config", "import", self.file)
        again = self.gate.cli_json("config", "import", self.file)
        self.assertEqual((again["revision"], again["changed"]), (1, False))
        self.file.write_text(FILE.replace(SECRETS[0], "canary-secret-that-is-a-new-one-32"))
        self.assertEqual(self.gate.cli_json("config", "import", self.file)["revision"], 2)
        self.assertNotIn(b"canary", self.stored())

    def test_without_a_key_to_seal_with_nothing_is_kept(self):
        said = self.gate.cli("config", "import", self.file, code=1)
        self.assertIn("secrets are kept sealed, and there is no key to seal with", said)
        self.assertIn("sallyport config seal-key", said)
        self.assertNotIn(b"canary", self.stored())
        # A file that says where its secret comes from needs no key, and stays as it was written.
        (self.gate.folder / "secret").write_text(tokens.KEY)
        (self.gate.folder / "secret").chmod(0o600)
        self.file.write_text(f'# by hand\n[jwt]\nsecret = {{ file = "{self.gate.folder}/secret" }}\n')
        self.gate.cli("config", "import", self.file)
        self.assertIn(b"# by hand", self.stored())
        self.assertEqual(self.decide(tokens.good()), "token_ok")

    def test_a_key_that_others_can_read_seals_nothing(self):
        key = self.gate.seal()
        key.chmod(0o644)
        self.assertNotEqual(self.gate.run("config", "import", "--config", self.gate.file, self.file).returncode, 0)
        self.assertNotIn(b"canary", self.stored())
