"""Preview: what a draft would change, told before it is law, and held to what the law then does."""

import time

from harness import tokens
from harness.console import ConsoleCase

JWT = f'[jwt]\nsecret = "{tokens.KEY}"\n'


class PreviewTest(ConsoleCase):
    """What a draft would change, told before it is law, and held to what the law then does."""

    def setUp(self):
        self.desk = self.console(store_settings=JWT + '[audit]\nkeep = "1d"\n')
        self.ada = self.desk.first("ada")
        self.tokens = {f"late-{i}": tokens.hs({"sub": "x", "exp": self.now() - 60}) for i in range(3)}
        self.tokens |= {f"good-{i}": tokens.good(aud="mqtt") for i in range(2)}
        self.tokens["endless"] = tokens.hs({"sub": "x"})
        self.decide_all()
        # A preview looks at what is kept, and that is written behind.
        self.eventually(lambda: self.preview({})["judged"] == 6, "they were not kept", 10)

    @staticmethod
    def now():
        return int(time.time())

    def decide_all(self):
        return {
            client: self.desk.daemon.post_json("/v1/decide", {"clientid": client, "username": "u", "password": token}).json["verdict"]
            for client, token in self.tokens.items()
        }

    def preview(self, changes):
        return self.ada.post("/preview", {"changes": changes}).json["attempts"]

    def test_what_it_says_is_what_the_law_then_does(self):
        changes = {"jwt.leeway": "10m", "jwt.require_exp": True}
        before = self.decide_all()
        said = self.preview(changes)
        self.assertEqual([(g["reason"], g["devices"], g["examples"]) for g in said["newly_refused"]], [("missing_expiry", 1, ["endless"])])
        self.assertEqual([(g["reason"], g["devices"]) for g in said["newly_admitted"]], [("expired", 3)])
        self.assertEqual((said["judged"], said["unchanged"], said["not_judged"]), (6, 2, []))
        etag = self.ada.get("/settings").headers["etag"]
        self.ada.post("/settings/revisions", {"changes": changes, "why": "x"}, headers=[f"if-match: {etag}"])
        self.eventually(lambda: self.decide_all()["endless"] == "deny", seconds=2)
        after = self.decide_all()
        self.assertEqual({c for c in after if before[c] == "allow" and after[c] == "deny"}, {"endless"})
        self.assertEqual({c for c in after if before[c] == "deny" and after[c] == "allow"}, {"late-0", "late-1", "late-2"})

    def test_another_secret_keeps_everybody_out(self):
        said = self.preview({"jwt.secret": "f" * 40})
        self.assertEqual([(g["reason"], g["devices"]) for g in said["newly_refused"]], [("bad_signature", 3)])
        self.assertEqual([g["devices"] for g in said["not_judged"]], [])

    def test_nothing_changes_nothing(self):
        said = self.preview({})
        self.assertEqual((said["unchanged"], said["judged"]), (6, 6))


class ClaimsPreviewTest(ConsoleCase):
    """Rules about claims, from digests of their values that are kept under the store's key."""

    settings = JWT + '[audit]\nkeep = "1d"\n'

    def setUp(self):
        self.desk = self.console(store_settings=self.settings)
        self.ada = self.desk.first("ada")
        self.tokens = {
            "meter-1": tokens.good("meter-1", aud="mqtt", iss="https://id.example", site={"name": "canary-lyon"}, level=3),
            "meter-2": tokens.good("meter-2", aud=["web", "mqtt"], iss="https://id.example", groups=["canary-a", "b"], level=3),
            "meter-3": tokens.good("somebody", aud="web", iss="https://elsewhere.example", level=4, iat=int(time.time()) - 60),
            "meter-4": tokens.good("meter-4", level="3"),
        }
        self.decide_all()
        self.eventually(lambda: self.preview({})["judged"] == len(self.tokens), "they were not kept", 10)

    def decide_all(self):
        ask = lambda client, token: self.desk.daemon.post_json("/v1/decide", {"clientid": client, "username": "u", "password": token}).json
        return {client: (said := ask(client, token))["verdict"] + " " + said["reason"] for client, token in self.tokens.items()}

    def preview(self, changes):
        return self.ada.post("/preview", {"changes": changes}).json["attempts"]

    def test_each_rule_is_judged_as_the_law_then_judges_it(self):
        nothing = {"jwt.audience": None, "jwt.issuer": None, "jwt.claims": None, "jwt.max_lifetime": None, "jwt.typ": None}
        drafts = (
            {"jwt.audience": "mqtt"}, {"jwt.audience": ["web", "cloud"]}, {"jwt.issuer": "https://id.example"},
            {"jwt.claims": {"sub": "%c"}}, {"jwt.claims": {"level": "3"}}, {"jwt.claims": {"/site/name": "canary-lyon"}},
            {"jwt.claims": {"groups": "canary-a"}}, {"jwt.claims": {"sub": "%u"}}, {"jwt.max_lifetime": "2h"},
            {"jwt.typ": "at+jwt"}, {"jwt.typ": "JWT", "jwt.issuer": "https://id.example", "jwt.audience": "mqtt", "jwt.claims": {"sub": "${clientid}"}},
        )  # fmt: skip
        for draft in drafts:
            with self.subTest(str(draft)):
                said = self.preview(draft)
                self.assertEqual((said["not_judged"], said["judged"]), ([], 4))
                foretold = {device: group["reason"] for group in said["newly_refused"] for device in group["examples"]}
                etag = self.ada.get("/settings").headers["etag"]
                made = self.ada.post("/settings/revisions", {"changes": nothing | draft, "why": "x"}, headers=[f"if-match: {etag}"])
                self.assertStatus(made, 201)
                want = {c: f"deny {foretold[c]}" if c in foretold else "allow token_ok" for c in self.tokens}
                self.eventually(lambda: self.decide_all() == want, f"foretold {want}, and it was {self.decide_all()}", 3)
                etag = made.headers["etag"]
                self.assertStatus(self.ada.post("/settings/revisions", {"changes": nothing, "why": "back"}, headers=[f"if-match: {etag}"]), 201)
                self.eventually(lambda: set(self.decide_all().values()) == {"allow token_ok"}, seconds=3)
                # The last attempts are those of the law again, whatever is written behind.
                self.eventually(self.newest_came_in, "it is not kept", 10)

    def newest_came_in(self):
        rows = self.ada.get("/decisions?limit=4").json["items"]
        return {row["client_id"] for row in rows} == set(self.tokens) and all(row["verdict"] == "allow" for row in rows)

    def test_who_would_come_in_is_told_through_all_that_follows(self):
        etag = self.ada.get("/settings").headers["etag"]
        law = {"jwt.audience": "mqtt", "jwt.claims": {"sub": "%c"}}
        made = self.ada.post("/settings/revisions", {"changes": law, "why": "x"}, headers=[f"if-match: {etag}"])
        self.assertStatus(made, 201)
        self.eventually(lambda: self.decide_all()["meter-3"] == "deny audience_mismatch", seconds=3)
        self.eventually(lambda: self.preview({"jwt.audience": None})["newly_admitted"], "they were not kept", 10)
        said = self.preview({"jwt.audience": None})
        # meter-3's audience would do then, and its sub still would not.
        self.assertEqual([(g["reason"], g["examples"]) for g in said["newly_admitted"]], [("audience_mismatch", ["meter-4"])])
        self.assertEqual(said["not_judged"], [])
        both = self.preview({"jwt.audience": None, "jwt.claims": None})
        self.assertEqual([(g["reason"], sorted(g["examples"])) for g in both["newly_admitted"]], [("audience_mismatch", ["meter-3", "meter-4"])])

    def test_no_claims_value_is_kept(self):
        self.assertEqual(self.desk.daemon.stop(), 0)
        kept = b"".join(file.read_bytes() for file in self.desk.folder.glob("audit.db*"))
        self.assertIn(b"meter-1", kept)
        for value in (b"canary", b"https://id.example", b"https://elsewhere.example"):
            self.assertNotIn(value, kept)

    def test_with_another_key_at_the_store_values_cannot_be_compared_and_it_says_so(self):
        self.assertEqual(self.desk.daemon.stop(), 0)
        (self.desk.folder / "seal.key").write_text("another key of more than thirty-two bytes\n")
        gate = self.desk.daemon.gate
        file = self.desk.folder / "again.toml"
        file.write_text(self.settings)
        gate.cli("config", "import", file)
        self.desk.start()
        said = self.preview({"jwt.audience": "mqtt"})
        self.assertEqual((said["newly_refused"], said["judged"]), ([], 0))
        self.assertEqual([(g["devices"], g["text"]) for g in said["not_judged"]], [(4, "the audience differs, and a token's aud is not kept")])


class NoKeyPreviewTest(ConsoleCase):
    def test_without_a_key_file_no_digest_is_kept_and_it_says_what_it_cannot_judge(self):
        desk = self.console(settings=JWT, store_settings='[audit]\nkeep = "1d"\n', key_file=False)
        ada = desk.first("ada")
        desk.daemon.post_json("/v1/decide", {"clientid": "c", "username": "u", "password": tokens.good(aud="canary-audience")})
        # [jwt] secret is the file's; its other names are the store's to set.
        preview = lambda: ada.post("/preview", {"changes": {"jwt.audience": "mqtt"}}).json["attempts"]
        self.eventually(lambda: preview()["not_judged"], "it was not kept", 10)
        self.assertEqual([g["devices"] for g in preview()["not_judged"]], [1])
        self.assertIn("aud is not kept", preview()["not_judged"][0]["text"])
        for file in desk.folder.glob("audit.db*"):
            self.assertNotIn(b"canary", file.read_bytes())
