"""`sallyport revoke` and `sallyport block`: what they keep, and what a decision then says."""

import json
import shutil
import time
import unittest

from harness import gate, tokens

SETTINGS = f"[jwt]\n{gate.SECRET}\n"


class Folder(unittest.TestCase):
    settings = SETTINGS

    def setUp(self):
        self.gate = gate.Gate(self.settings)
        self.addCleanup(shutil.rmtree, self.gate.folder, True)

    def decide(self, client_id="c1", username="x", **claims):
        token = tokens.hs({"sub": "meter-7", "exp": int(time.time()) + 600, **claims})
        done = self.gate.run(
            "decide", "--config", self.gate.file, "--clientid", client_id, "--username", username, "--password-stdin",
            "--peer", "192.0.2.7", "--json", stdin=token,
        )
        return json.loads(done.stdout)

    def reason(self, **fields):
        return self.decide(**fields)["reason"]

    def listed(self, what="revoke", *words):
        return self.gate.cli_json(what, "list", *words)


class Revoke(Folder):
    def test_a_jti_is_revoked_shown_and_let_in_again(self):
        self.assertEqual(self.reason(jti="a-1"), "token_ok")
        made = self.gate.cli_json("revoke", "add", "--jti", "a-1", "--why", "stolen in Lyon")
        self.assertEqual((made["kind"], made["value"], made["until"], made["result"]), ("jti", "a-1", None, "added"))
        self.assertTrue(made["author"].startswith("cli:"))
        decision = self.decide(jti="a-1")
        self.assertEqual(decision["reason"], "revoked")
        self.assertIn(f'jwt: revocation {made["id"]} hits: "stolen in Lyon"', decision["steps"])
        self.assertEqual(self.reason(jti="a-2"), "token_ok")
        self.assertIn("stolen in Lyon", self.gate.cli("revoke", "list"))
        self.gate.cli("revoke", "remove", made["id"])
        self.assertEqual(self.reason(jti="a-1"), "token_ok")
        self.assertEqual(self.listed(), {"revocations": [], "total": 0, "next": None})
        self.assertIn(f"there is no revocation {made['id']}\n  hint: ", self.gate.cli("revoke", "remove", made["id"], code=1))

    def test_decide_says_what_would_let_it_in(self):
        self.gate.cli("revoke", "add", "--jti", "a-1")
        self.assertEqual(self.decide(jti="a-1")["would_pass_with"], ["what revokes it removed: sallyport revoke remove"])

    def test_a_principals_tokens_are_revoked_by_both_forms_of_a_moment(self):
        now = int(time.time())
        for moment in (str(now), time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))):
            with self.subTest(moment):
                made = self.gate.cli_json("revoke", "add", "--principal", "meter-7", "--issued-before", moment)
                self.assertEqual(made["issued_before"], now)
                self.assertEqual(self.reason(iat=now - 1), "revoked")
                self.assertEqual(self.reason(iat=now), "token_ok")
                self.assertEqual(self.reason(), "revoked")  # without iat
                self.assertEqual(self.reason(sub="meter-8"), "token_ok")
                self.gate.cli("revoke", "remove", "--principal", "meter-7")

    def test_a_keys_tokens_are_revoked_of_one_issuer(self):
        made = self.gate.cli_json("revoke", "add", "--kid", "k9", "--issuer", "https://a")
        self.assertEqual(made["issuer"], "https://a")
        token = tokens.hs({"sub": "m", "iss": "https://a"}, header={"alg": "HS256", "kid": "k9"})
        done = self.gate.run("decide", "--config", self.gate.file, "--username", "x", "--password-stdin", "--json", stdin=token)
        self.assertEqual(json.loads(done.stdout)["reason"], "revoked")
        self.assertEqual(self.reason(iss="https://a"), "token_ok")

    def test_adding_again_widens(self):
        self.gate.cli("revoke", "add", "--principal", "m", "--issued-before", "1000", "--why", "first")
        again = self.gate.cli_json("revoke", "add", "--principal", "m", "--issued-before", "500")
        self.assertEqual((again["result"], again["issued_before"], again["why"]), ("widened", 1000, "first"))
        self.assertEqual(len(self.listed()["revocations"]), 1)

    def test_an_end_is_given_or_told_by_max_lifetime(self):
        made = self.gate.cli_json("revoke", "add", "--jti", "a", "--until", "2099-01-01T00:00:00Z")
        self.assertEqual(made["until"], 4070908800)
        self.gate.write(SETTINGS + 'max_lifetime = "1h"\nleeway = "30s"\n')
        made = self.gate.cli_json("revoke", "add", "--jti", "b")
        self.assertEqual(made["until"] - made["created_at"], 3600 + 30 + 86400)
        self.assertIsNone(self.gate.cli_json("revoke", "add", "--kid", "k")["until"])
        made = self.gate.cli_json("revoke", "add", "--principal", "p", "--issued-before", "1")
        # Its tokens are over long since: there is nothing to keep.
        self.assertEqual((made["until"], made["result"], made["id"]), (1 + 3600 + 30 + 86400, "over", None))

    def test_what_cannot_be_meant_is_a_fault_of_usage(self):
        for words in (
            [], ["--jti", "a", "--kid", "b"], ["--jti", "a", "--until", "tomorrow"], ["--jti", "a", "--until", "1"],
            ["--principal", "a", "--issued-before", "2026-11-24T12:00:00"],
        ):
            with self.subTest(words):
                self.gate.cli("revoke", "add", *words, code=2)
        self.assertIn("longer than 65535", self.gate.cli("revoke", "add", "--jti", "x" * 65536, code=1))
        self.assertEqual(self.listed()["total"], 0)

    def test_lists_a_page_at_a_time_and_by_search(self):
        for i in range(5):
            self.gate.cli("revoke", "add", "--jti", f"t-{i}")
        page = self.listed("revoke", "--limit", "3")
        self.assertEqual([r["value"] for r in page["revocations"]], ["t-0", "t-1", "t-2"])
        rest = self.listed("revoke", "--after", str(page["next"]))
        self.assertEqual([r["value"] for r in rest["revocations"]], ["t-3", "t-4"])
        self.assertIsNone(rest["next"])
        self.assertEqual(self.listed("revoke", "--search", "t-4")["revocations"][0]["value"], "t-4")


class Import(Folder):
    def file(self, text):
        path = self.gate.folder / "revoked.csv"
        path.write_text(text)
        return path

    def test_takes_each_column_and_refuses_a_file_with_a_bad_row(self):
        good = "jti,principal,kid,issuer,issued_before,until,why\na-1,,,,,,lost\n,meter-9,,,2026-11-24T12:00:00Z,,\n,,k1,https://a,,4070908800,\n"
        path = self.file(good + "x,y,,,,,\n")
        out = self.gate.cli("revoke", "import", path, code=1)
        self.assertIn("row 5: the row revokes two things at once", out)
        self.assertIn("nothing was written", out)
        self.assertEqual(self.listed()["total"], 0)
        self.assertEqual(self.gate.cli("revoke", "import", path, "--skip-bad"), "imported 3 revocations, skipped 1 bad row\n")
        self.assertEqual([r["kind"] for r in self.listed()["revocations"]], ["jti", "principal", "kid"])
        self.assertEqual(self.reason(jti="a-1"), "revoked")

    def test_looks_only_with_dry_run_and_reads_standard_input(self):
        path = self.file("jti\na\nb\n")
        self.assertEqual(self.gate.cli("revoke", "import", path, "--dry-run"), "would import 2 revocations\n")
        self.assertEqual(self.listed()["total"], 0)
        done = self.gate.run("revoke", "import", "-", "--config", self.gate.file, "--json", stdin="jti\na\nb\na\n")
        self.assertEqual(json.loads(done.stdout)["imported"], 3)
        self.assertEqual(self.listed()["total"], 2)

    def test_rows_that_are_over_are_left_out(self):
        done = self.gate.cli_json("revoke", "import", self.file("jti,until\na,1000\nb,4070908800\n"))
        self.assertEqual((done["imported"], done["over"]), (1, 1))

    def test_a_file_without_a_header_is_told_so(self):
        out = self.gate.cli("revoke", "import", self.file("4b1c-77\n"), code=1)
        self.assertIn("there is no column 4b1c-77", out)

    def test_a_hundred_thousand_are_in_within_seconds(self):
        path = self.file("jti\n" + "".join(f"4b1c2d-{i:08d}\n" for i in range(100_000)))
        begun = time.monotonic()
        self.assertEqual(self.gate.cli_json("revoke", "import", path)["imported"], 100_000)
        self.assertLess(time.monotonic() - begun, 20)
        self.assertEqual(self.reason(jti="4b1c2d-00099999"), "revoked")
        self.assertEqual(self.reason(jti="4b1c2d-00100000"), "token_ok")


class Block(Folder):
    def test_each_kind_blocks_what_it_names_and_nobody_else(self):
        for words, hit, missed in (
            (["--client-id", "c1"], {}, {"client_id": "c2"}),
            (["--username", "x"], {}, {"username": "y"}),
            (["--address", "192.0.2.0/24"], {}, None),
            (["--client-id", "c*", "--pattern"], {"client_id": "c77"}, {"client_id": "d1"}),
            (["--username", "meter-?", "--pattern"], {}, {"sub": "meter-77"}),
        ):
            with self.subTest(words):
                made = self.gate.cli_json("block", "add", *words, "--why", "floods")
                decision = self.decide(**hit)
                self.assertEqual(decision["reason"], "blocked")
                self.assertTrue(any(f'block {made["id"]} hits: "floods"' in step for step in decision["steps"]))
                if missed is not None:
                    self.assertEqual(self.reason(**missed), "token_ok")
                self.gate.cli("block", "remove", *[w for w in words])
                self.assertEqual(self.reason(**hit), "token_ok")

    def test_an_address_has_one_form_and_a_wrong_one_is_told(self):
        made = self.gate.cli_json("block", "add", "--address", "::ffff:10.1.2.3")
        self.assertEqual(made["value"], "10.1.2.3")
        self.assertEqual(self.gate.cli_json("block", "add", "--address", "10.1.2.3/32")["result"], "widened")
        self.assertIn("neither an IP address", self.gate.cli("block", "add", "--address", "host", code=1))
        self.assertIn("write a network", self.gate.cli("block", "add", "--address", "10.*", "--pattern", code=2))
        self.assertIn("fits everybody", self.gate.cli("block", "add", "--client-id", "*", "--pattern", code=1))

    def test_is_over_at_its_moment(self):
        self.gate.cli("block", "add", "--client-id", "c1", "--until", str(int(time.time()) + 3600))
        self.assertEqual(self.reason(), "blocked")
        self.assertIn("is not after now", self.gate.cli("block", "add", "--client-id", "c2", "--until", "1000", code=2))

    def test_is_listed_apart_from_revocations(self):
        self.gate.cli("block", "add", "--client-id", "c1")
        self.gate.cli("revoke", "add", "--jti", "a")
        self.assertEqual([b["value"] for b in self.listed("block")["blocks"]], ["c1"])
        self.assertEqual([r["value"] for r in self.listed()["revocations"]], ["a"])
        self.assertIn("there is no block", self.gate.cli("block", "remove", self.listed()["revocations"][0]["id"], code=1))


if __name__ == "__main__":
    unittest.main()
