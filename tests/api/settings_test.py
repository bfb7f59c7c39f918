"""Settings, drafts and revisions by way of the console, and the daemon that follows them."""

from harness import tokens
from harness.console import ConsoleCase


class SettingsTest(ConsoleCase):
    def setUp(self):
        self.desk = self.console(store_settings=f'[jwt]\nsecret = "{tokens.KEY}"\n')
        self.ada = self.desk.first("ada")

    def etag(self):
        return self.ada.get("/settings").headers["etag"]

    def law(self, changes, why="a test", etag=None):
        return self.ada.post("/settings/revisions", {"changes": changes, "why": why}, headers=[f"if-match: {etag or self.etag()}"])

    def setting(self, name):
        return [s for s in self.ada.get("/settings").json["settings"] if s["name"] == name][0]

    def reason(self, **claims):
        token = tokens.hs(claims)
        reply = self.desk.daemon.post_json("/v1/decide", {"clientid": "c", "username": "u", "password": token})
        return reply.json["reason"]

    def test_each_setting_says_what_it_is_and_where_it_is_from(self):
        all_of_them = self.ada.get("/settings").json
        self.assertEqual(all_of_them["revision"], 1)
        self.assertTrue(all_of_them["can_edit"])
        secret = self.setting("jwt.secret")
        self.assertEqual((secret["origin"], secret["text"], secret["value"], secret["set"]), ("store", "(set)", {"$set": True}, True))
        url = self.setting("store.url")
        self.assertEqual((url["origin"], url["pinned"], url["file_only"]), ("file", True, True))
        self.assertTrue(url["pinned_by"].endswith("sallyport.toml"))
        leeway = self.setting("jwt.leeway")
        self.assertEqual((leeway["origin"], leeway["value"], leeway["pinned"]), ("default", "0s", False))

    def test_a_change_is_in_force_in_under_a_second_and_one_click_takes_it_back(self):
        self.assertEqual(self.reason(aud="x"), "token_ok")
        made = self.law({"jwt.audience": "mqtt.example.com"}, "our own audience")
        self.assertStatus(made, 201)
        self.assertEqual((made.json["number"], made.json["author"], made.json["why"]), (2, "console:ada", "our own audience"))
        self.eventually(lambda: self.reason(aud="x") == "audience_mismatch", seconds=1)
        detail = self.ada.get("/settings/revisions/2").json
        self.assertEqual(detail["changes"], [{"name": "jwt.audience", "before": None, "after": '"mqtt.example.com"'}])
        self.assertIn('secret = "(set)"', detail["text"])
        self.assertEqual(self.ada.get("/settings/revisions/1").json["against_now"][0]["name"], "jwt.audience")
        back = self.ada.post("/settings/revisions/1/restore", headers=[f"if-match: {made.headers['etag']}"])
        self.assertStatus(back, 201)
        self.eventually(lambda: self.reason(aud="x") == "token_ok", seconds=1)
        numbers = [r["number"] for r in self.ada.get("/settings/revisions").json["items"]]
        self.assertEqual(numbers, [3, 2, 1])
        page = self.ada.get("/settings/revisions?limit=2").json
        self.assertEqual([r["number"] for r in self.ada.get(f"/settings/revisions?limit=2&cursor={page['next']}").json["items"]], [1])

    def test_what_is_wrong_is_told_at_its_field_and_changes_nothing(self):
        changes = {"jwt.leeway": "30", "jwt.claims": {"username": "${nobody}"}, "jwt.leewya": "1s", "store.url": "x", "jwt.audience": []}
        check = self.ada.post("/settings/check", {"changes": changes}).json
        self.assertFalse(check["good"])
        fields = {p["field"]: p for p in check["problems"]}
        self.assertEqual(set(fields), set(changes))
        self.assertTrue(all(p["cause"] for p in check["problems"]))
        self.assertIn("jwt.leeway", fields["jwt.leewya"]["hint"])
        refused = self.law({"jwt.leeway": "30"})
        self.assertStatus(refused, 422, "invalid")
        self.assertEqual(refused.json["problems"][0]["field"], "jwt.leeway")
        self.assertEqual(self.ada.get("/settings").json["revision"], 1)
        good = self.ada.post("/settings/check", {"changes": {"jwt.leeway": "30s"}}).json
        self.assertTrue(good["good"])
        self.assertEqual(good["changes"], [{"name": "jwt.leeway", "before": None, "after": '"30s"'}])

    def test_two_who_edit_at_once_never_lose_each_others_work(self):
        etag = self.etag()
        self.assertStatus(self.law({"jwt.leeway": "10s"}, etag=etag), 201)
        self.assertStatus(self.law({"jwt.audience": "x"}, etag=etag), 412, "changed_meanwhile")
        no_etag = self.ada.post("/settings/revisions", {"changes": {}, "why": "x"})
        self.assertStatus(no_etag, 428, "precondition_missing")
        self.assertEqual(self.setting("jwt.leeway")["value"], "10s")

    def test_what_the_file_pins_a_draft_cannot_change(self):
        file = self.desk.daemon.gate.file
        file.write_text(file.read_text() + '[jwt]\nleeway = "5s"\n')
        leeway = self.setting("jwt.leeway")
        self.assertEqual((leeway["pinned"], leeway["value"]), (True, "5s"))
        refused = self.law({"jwt.leeway": "7s"})
        self.assertStatus(refused, 422)
        self.assertEqual(refused.json["field"], "jwt.leeway")
        self.assertIn("pins it", refused.json["cause"])

    def test_a_secret_is_kept_sealed_and_stays_when_it_is_not_named(self):
        new = "b" * 40
        self.assertStatus(self.law({"jwt.secret": new}), 201)
        text = self.desk.daemon.gate.cli("config", "show", "--json")
        self.assertNotIn(new, text)
        self.eventually(lambda: self.reason() == "bad_signature", seconds=2)
        self.assertStatus(self.law({"jwt.leeway": "9s", "jwt.secret": {"$set": True}}), 201)
        self.assertStatus(self.law({"jwt.leeway": "8s"}), 201)
        self.assertEqual(self.reason(), "bad_signature")
        for file in self.desk.folder.glob("store.db*"):
            self.assertNotIn(new.encode(), file.read_bytes())
        self.assertStatus(self.law({"jwt.secret": tokens.KEY}), 201)
        self.eventually(lambda: self.reason() == "token_ok", seconds=2)

    def test_secrets_inside_issuers_are_masked_and_kept(self):
        issuer = {"name": "plant", "issuer": "https://id.example.com", "secret": "c" * 40, "audience": "mqtt"}
        self.assertStatus(self.law({"jwt.issuers": [issuer]}), 201)
        shown = self.setting("jwt.issuers")["value"]
        self.assertEqual(shown, [{**issuer, "secret": {"$set": True}}])
        shown[0]["audience"] = "mqtt2"
        self.assertStatus(self.law({"jwt.issuers": shown}), 201)
        token = tokens.hs({"iss": "https://id.example.com", "aud": "mqtt2"}, key="c" * 40)
        decide = {"clientid": "c", "username": "u", "password": token}
        self.eventually(lambda: self.desk.daemon.post_json("/v1/decide", decide).json["reason"] == "token_ok", seconds=2)

    def test_one_of_a_group_takes_the_others_place(self):
        import base64

        encoded = base64.b64encode(b"d" * 40).decode()
        self.assertStatus(self.law({"jwt.secret_base64": encoded}), 201)
        self.assertFalse(self.setting("jwt.secret")["set"])
        self.assertTrue(self.setting("jwt.secret_base64")["set"])

    def test_a_key_that_is_dropped_on_the_page_is_told_and_a_private_one_is_refused(self):
        import subprocess

        pem = subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], capture_output=True, text=True, check=True).stdout
        refused = self.ada.post("/key-files/inspect", {"text": pem})
        self.assertStatus(refused, 422, "invalid")
        public = subprocess.run(["openssl", "pkey", "-pubout"], input=pem, capture_output=True, text=True, check=True).stdout
        key = self.ada.post("/key-files/inspect", {"text": public}).json["keys"][0]
        self.assertIn("ES256", key["algorithms"])
        self.assertEqual(len(key["thumbprint"]), 43)


class NoKeyFileTest(ConsoleCase):
    def test_without_a_key_file_no_secret_is_stored(self):
        desk = self.console(key_file=False, store_settings="[password]\nenabled = true\n")
        ada = desk.first("ada")
        etag = ada.get("/settings").headers["etag"]
        refused = ada.post("/settings/revisions", {"changes": {"jwt.secret": "s" * 40}, "why": "x"}, headers=[f"if-match: {etag}"])
        self.assertStatus(refused, 422)
        self.assertIn("key_file", refused.json["hint"])
        for file in desk.folder.glob("store.db*"):
            self.assertNotIn(b"s" * 40, file.read_bytes())
