"""`sallyport … --server URL`: the same operations of the command line, asked of a daemon's console."""

import json
import time

from harness import tokens
from harness.console import ConsoleCase
from harness.console_broker import BesideABroker


class ServerCase(ConsoleCase):
    settings = f'[jwt]\nsecret = "{tokens.KEY}"\n'

    def setUp(self):
        self.desk = self.console(store_settings=self.settings)
        self.ada = self.desk.first("ada")
        self.token_file = self.give_token("administrator")

    def give_token(self, role):
        made = self.ada.post("/api-tokens", {"name": f"cli {role}", "role": role, "ends_at": int(time.time()) + 3600})
        self.assertStatus(made, 201)
        file = self.desk.folder / f"{role}.token"
        file.write_text(made.json["token"] + "\n")
        file.chmod(0o600)
        return file

    def at_server(self, *words, code=0, stdin=None, token=None, server=None):
        place = ["--server", server or f"http://{self.desk.host}", "--token-file", token or self.token_file]
        done = self.desk.daemon.gate.run(*words, *place, stdin=stdin)
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}{done.stderr}")
        return done.stdout + (done.stderr if code else "")

    def json_at_server(self, *words, **named):
        return json.loads(self.at_server(*words, "--json", **named))

    def decide(self, password, client_id="c", username="u"):
        body = {"clientid": client_id, "username": username, "password": password}
        return self.desk.daemon.post_json("/v1/decide", body).json["reason"]


class WhoAsksTest(ServerCase):
    def test_without_a_token_that_is_good_nothing_is_done(self):
        self.assertIn("pump", self.at_server("user", "add", "pump", "--generate"))
        wrong = self.desk.folder / "wrong.token"
        wrong.write_text("spt_" + "A" * 43)
        wrong.chmod(0o600)
        self.assertIn("nobody is signed in", self.at_server("user", "list", token=wrong, code=3))
        wrong.write_text("two words")
        self.assertIn("this is no API token", self.at_server("user", "list", token=wrong, code=2))
        done = self.desk.daemon.gate.run("user", "list", "--server", f"http://{self.desk.host}")
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("there is no API token", done.stderr)

    def test_a_token_that_every_user_of_the_machine_can_read_is_not_used(self):
        self.token_file.chmod(0o644)
        self.assertIn("chmod 600", self.at_server("user", "list", code=3))

    def test_a_token_is_not_shown_to_whoever_is_on_the_way(self):
        for server, said in (
            ("http://gate.example.com:8090", "use https"), ("ftp://127.0.0.1", "--server"), ("http://127.0.0.1:1/path", "has a path"),
        ):  # fmt: skip
            self.assertIn(said, self.at_server("user", "list", server=server, code=2))
        self.assertIn("does not answer", self.at_server("user", "list", server="http://127.0.0.1:1", code=3))
        token = self.token_file.read_text().strip()
        self.assertNotIn(token, self.at_server("user", "list", server="http://127.0.0.1:1", code=3))

    def test_one_of_config_and_server_is_asked(self):
        gate = self.desk.daemon.gate
        both = gate.run("user", "list", "--config", gate.file, "--server", f"http://{self.desk.host}")
        self.assertNotEqual(both.returncode, 0)
        self.assertNotEqual(gate.run("user", "list").returncode, 0)

    def test_a_role_that_does_not_cover_it_is_told(self):
        viewer = self.give_token("viewer")
        self.assertIn("this needs the role operator", self.at_server("user", "add", "pump", "--generate", token=viewer, code=3))
        self.assertEqual(self.json_at_server("user", "list", token=viewer)["total"], 0)


class UsersAtServerTest(ServerCase):
    settings = "[password]\nenabled = true\n"

    def test_a_user_lives_and_dies(self):
        self.at_server("user", "add", "a/b ü", "--password-stdin", stdin="right password\n")
        self.eventually(lambda: self.decide("right password", username="a/b ü") == "password_ok")
        self.assertIn("there is", self.at_server("user", "add", "a/b ü", "--generate", code=1))
        self.at_server("user", "set-password", "a/b ü", "--password-stdin", stdin="another password\n")
        self.eventually(lambda: self.decide("another password", username="a/b ü") == "password_ok")
        self.at_server("user", "disable", "a/b ü")
        self.assertFalse(self.json_at_server("user", "show", "a/b ü")["enabled"])
        self.at_server("user", "enable", "a/b ü")
        self.assertIn("enabled:   yes", self.at_server("user", "show", "a/b ü"))
        made = self.json_at_server("user", "add", "pump", "--generate", "--superuser")
        self.assertEqual((made["result"], made["is_superuser"]), ("added", True))
        self.eventually(lambda: self.decide(made["password"], username="pump") == "password_ok")
        listed = self.json_at_server("user", "list", "--search", "pum")
        self.assertEqual([u["username"] for u in listed["users"]], ["pump"])
        page = self.json_at_server("user", "list", "--limit", "1")
        rest = self.json_at_server("user", "list", "--after", page["next"])
        self.assertEqual([u["username"] for u in page["users"] + rest["users"]], ["a/b ü", "pump"])
        self.at_server("user", "delete", "pump")
        self.assertIn("there is no such user", self.at_server("user", "show", "pump", code=1))

    def test_a_file_of_another_broker_is_imported_with_its_kind_of_hash(self):
        import hashlib

        rows = ["username,password_hash,salt", f"m1,{hashlib.sha256(b'pw-one' + b'salt1').hexdigest()},salt1"]
        file = self.desk.folder / "emqx.csv"
        file.write_text("\n".join(rows) + "\n")
        words = ("--format", "emqx", "--hash", "sha256", "--salt-position", "suffix")
        self.assertEqual(self.json_at_server("user", "import", file, *words, "--dry-run")["imported"], 0)
        self.assertEqual(self.json_at_server("user", "import", file, *words)["imported"], 1)
        self.eventually(lambda: self.decide("pw-one", username="m1") == "password_ok")
        bad = self.desk.folder / "bad.csv"
        bad.write_text("username,password\nn1,a good password\n,nobody\n")
        said = self.at_server("user", "import", bad, code=1)
        self.assertIn("1 of 2 rows bad; nothing was written", said)
        self.assertIn("row 3, column username", said)
        self.assertIn("there is no such user", self.at_server("user", "show", "n1", code=1))
        self.assertIn("imported 1 user, skipped 1 bad rows", self.at_server("user", "import", bad, "--skip-bad"))


class BarsAtServerTest(ServerCase):
    def test_a_token_is_revoked_and_let_in_again(self):
        token = tokens.good(jti="t-1")
        made = self.json_at_server("revoke", "add", "--jti", "t-1", "--why", "stolen")
        self.assertEqual((made["result"], made["value"]), ("added", "t-1"))
        self.assertTrue(made["author"].startswith("console:token cli"), made)
        self.eventually(lambda: self.decide(token) == "revoked")
        self.assertIn("stolen", self.at_server("revoke", "list"))
        self.at_server("revoke", "remove", "--jti", "t-1")
        self.eventually(lambda: self.decide(token) == "token_ok")
        self.assertIn("there is no such revocation", self.at_server("revoke", "remove", "--jti", "t-1", code=1))

    def test_revocations_are_imported_as_a_store_takes_them(self):
        file = self.desk.folder / "revoked.csv"
        file.write_text("jti,why\na-1,x\n,y\n")
        self.at_server("revoke", "import", file, code=1)
        self.assertEqual(self.json_at_server("revoke", "list")["revocations"], [])
        self.at_server("revoke", "import", file, "--skip-bad")
        self.assertEqual([r["value"] for r in self.json_at_server("revoke", "list")["revocations"]], ["a-1"])

    def test_a_client_is_blocked_and_what_guessing_slowed_is_let_go(self):
        self.at_server("block", "add", "--client-id", "meter-*", "--pattern", "--why", "floods")
        self.eventually(lambda: self.decide(tokens.good(), "meter-7") == "blocked")
        listed = self.json_at_server("block", "list")
        self.assertEqual([(b["kind"], b["value"]) for b in listed["blocks"]], [("client_id", "meter-*")])
        self.at_server("block", "remove", "--client-id", "meter-*", "--pattern")
        self.eventually(lambda: self.decide(tokens.good(), "meter-7") == "token_ok")
        self.ada.post("/users", {"username": "pump", "password": "right password"})
        self.eventually(lambda: self.decide("wrong password", username="pump") == "wrong_password")
        self.eventually(lambda: self.decide("wrong password", username="pump") == "too_many_attempts", "guessing is not slowed")
        slowed = self.ada.get("/slowed").json
        self.assertEqual([(s["kind"], s["value"], s["process"]) for s in slowed["items"]], [("username", "pump", "sallyportd")])
        self.assertIn("username,pump,sallyportd,", self.ada.get("/slowed?format=csv").text)
        self.assertEqual(self.ada.get("/slowed?search=nobody").json, {"items": [], "total": 0})
        self.assertIn("pump", self.at_server("block", "list"))
        self.assertIn("is let go", self.at_server("block", "remove", "--username", "pump"))
        self.assertEqual(self.decide("right password", username="pump"), "password_ok")
        self.assertEqual(self.ada.post("/slowed/let-go", {"kind": "username", "value": "pump"}).json, {"let_go": False})
        self.assertStatus(self.ada.post("/slowed/let-go", {"kind": "shoe", "value": "x"}), 400, "invalid")


class SettingsAtServerTest(ServerCase):
    def test_a_file_becomes_the_law_and_its_secret_is_sealed(self):
        file = self.desk.folder / "next.toml"
        file.write_text(f'[jwt]\nsecret = "{"n" * 40}"\naudience = "mqtt"\n[[jwt.issuers]]\nname = "plant"\nissuer = "https://id.example"\nsecret = "{"o" * 40}"\naudience = "mqtt"\n')
        made = self.json_at_server("config", "import", file, "--comment", "another key")
        self.assertEqual((made["number"], made["why"]), (2, "another key"))
        token = tokens.hs({"sub": "x", "aud": "mqtt"}, key="n" * 40)
        self.eventually(lambda: self.decide(token) == "token_ok")
        for one in self.desk.folder.glob("store.db*"):
            self.assertNotIn(b"n" * 40, one.read_bytes())
        shown = self.at_server("config", "show")
        self.assertIn("jwt.audience", shown)
        self.assertNotIn("n" * 40, shown)
        # What the file leaves out is taken out, as with a store.
        file.write_text(f'[jwt]\nsecret = "{tokens.KEY}"\n')
        self.at_server("config", "import", file)
        self.eventually(lambda: self.decide(tokens.good(aud="elsewhere")) == "token_ok")

    def test_a_file_that_is_wrong_changes_nothing(self):
        file = self.desk.folder / "next.toml"
        for text, said in (('[jwt]\nleeway = "30"\n', "jwt.leeway"), ('[jwt]\nleewya = "1s"\n', "leewya"), ('[store]\nurl = "x"\n', "store.url"), ("[jwt\n", "next.toml")):
            file.write_text(text)
            self.assertIn(said, self.at_server("config", "import", file, code=1))
        self.assertEqual(self.ada.get("/settings").json["revision"], 1)


class RunningAtServerTest(ServerCase):
    def test_what_runs_is_told(self):
        self.decide(tokens.expired(), "meter-9")
        self.eventually(lambda: self.ada.get("/decisions?verdict=deny").json["items"], "it was not kept", 15)
        self.assertIn("meter-9", self.at_server("why", "--last", "1"))
        self.assertEqual(self.json_at_server("why", "--client-id", "meter-9")["decisions"][0]["reason"], "expired")
        status = self.at_server("status")
        self.assertTrue(status.startswith("ready\n"), status)
        self.assertIn("sallyportd", status)
        self.assertIn("secret", self.at_server("keys", "list"))

    def test_clients_whom_the_daemon_let_in_are_ended(self):
        ask = {"username": "x", "clientid": "meter-1", "password": tokens.good()}
        self.assertEqual(self.desk.daemon.post_json("/emqx/authenticate", ask).json["result"], "allow")
        self.assertEqual(self.at_server("session", "end", "--where", "client_id=meter-*", "--dry-run"), "1 session\n")
        self.assertEqual(self.json_at_server("session", "end", "--where", "client_id=meter-*", "--yes")["ending"], 1)
        self.eventually(lambda: self.at_server("session", "end", "--where", "client_id=meter-*", "--dry-run") == "0 sessions\n")
        entry = self.ada.get("/activity?what=endSessions").json["items"][0]
        self.assertTrue(entry["who"].startswith("token cli"), entry)


class SessionsOverRestTest(BesideABroker):
    def come_in(self, client_id, token):
        self.assertEqual(self.connect(client_id, token)[1], 0)

    def end(self, status=200, **body):
        reply = self.ada.post("/sessions/end", body)
        self.assertStatus(reply, status)
        return reply.json

    def test_sessions_are_counted_by_key_and_ended_by_condition(self):
        for i in range(3):
            self.come_in(f"meter-{i}", tokens.good())
        key = self.ada.get("/keys").json["local"][0]
        self.assertEqual((key["label"], key["sessions"]), ("secret", 3))
        self.assertEqual(self.ada.post("/keys/retire", {"label": "secret"}).json["sessions"], 3)
        self.assertEqual(self.ada.post("/keys/retire", {"label": "no such key"}).json["sessions"], 0)
        counted = self.end(where=["client_id=meter-1"], dry_run=True)
        self.assertEqual(counted, {"sessions": 1, "ending": 0, "seconds": 1, "unable": []})
        self.assertEqual(len(self.ada.get("/sessions").json["items"]), 3)
        self.assertEqual(self.end(where=["client_id=meter-1"])["ending"], 1)
        left = lambda: sorted(s["client_id"] for s in self.ada.get("/sessions").json["items"])
        self.eventually(lambda: left() == ["meter-0", "meter-2"], "it is still connected")
        self.assertEqual(self.ada.get("/keys").json["local"][0]["sessions"], 2)
        self.assertEqual(self.end(422, where=[])["field"], "where")
        self.assertEqual(self.end(422, where=["everybody"])["field"], "where")
        self.assertEqual(self.end(400, where=["kid=x"], a_second=0)["field"], "a_second")
        vera = self.desk.colleague(self.ada, "vera", "viewer")
        self.assertStatus(vera.post("/sessions/end", {"where": ["client_id=*"]}), 403, "forbidden")
        self.assertEqual(left(), ["meter-0", "meter-2"])

    def test_a_broker_that_does_not_answer_is_named(self):
        self.broker.stop()
        unable = self.end(where=["client_id=x"], dry_run=True)["unable"]
        self.assertEqual([u["process"] for u in unable], ["broker"])
        self.assertTrue(unable[0]["cause"])

    def test_the_time_of_each_authenticator_is_counted(self):
        chain = lambda: {a["name"]: a["average_us"] for a in self.ada.get("/authenticators").json["items"]}
        self.assertEqual(chain(), {"password": None, "jwt": None})
        self.come_in("meter-1", tokens.good())
        self.eventually(lambda: chain()["jwt"], "it was not counted", 15)
        self.assertIsNone(chain()["password"])
        self.assertLess(chain()["jwt"], 1_000_000)
