"""Users of default authentication by way of the console."""

from harness import contract, machine
from harness.console import ConsoleCase


class UsersTest(ConsoleCase):
    def setUp(self):
        self.desk = self.console()
        self.ada = self.desk.first("ada")

    def decide(self, username, password):
        reply = self.desk.daemon.post_json("/v1/decide", {"clientid": "c", "username": username, "password": password})
        return reply.json["reason"]

    def test_a_user_is_in_force_within_a_second_and_so_is_every_change(self):
        made = self.ada.post("/users", {"username": "pump"})
        self.assertStatus(made, 201)
        password, etag = made.json["password"], made.headers["etag"]
        self.assertGreaterEqual(len(password), 16)
        self.eventually(lambda: self.decide("pump", password) == "password_ok", seconds=1)
        self.assertEqual(self.ada.get("/users/pump").json["etag"], etag)
        changed = self.ada.patch("/users/pump", {"enabled": False}, headers=[f"if-match: {etag}"])
        self.assertStatus(changed, 200)
        self.eventually(lambda: self.decide("pump", password) == "user_disabled", seconds=1)
        stale = self.ada.patch("/users/pump", {"enabled": True}, headers=[f"if-match: {etag}"])
        self.assertStatus(stale, 412, "changed_meanwhile")
        etag = changed.headers["etag"]
        on = self.ada.patch("/users/pump", {"enabled": True, "is_superuser": True}, headers=[f"if-match: {etag}"])
        self.assertTrue(on.json["is_superuser"])
        new = self.ada.put("/users/pump/password", {"password": "another password"}, headers=[f"if-match: {on.headers['etag']}"])
        self.assertStatus(new, 200)
        self.assertIsNone(new.json["password"])
        self.eventually(lambda: self.decide("pump", "another password") == "password_ok", seconds=1)
        self.assertStatus(self.ada.delete("/users/pump", headers=[f"if-match: {on.headers['etag']}"]), 412)
        self.assertStatus(self.ada.delete("/users/pump", headers=[f"if-match: {new.headers['etag']}"]), 204)
        self.eventually(lambda: self.decide("pump", "another password") == "unknown_credential", seconds=1)
        self.assertStatus(self.ada.get("/users/pump"), 404, "not_found")

    def test_names_of_any_kind_are_found_by_their_path(self):
        for name in ("a/b", "ü", "%2F", "a b", "..", "x?y#z", "名"):
            made = self.ada.post("/users", {"username": name})
            self.assertStatus(made, 201)
            self.assertEqual(self.ada.get("/users/" + contract.quote(name)).json["username"], name)
            self.assertEqual(self.ada.get(made.headers["location"].removeprefix("/api/v1")).json["username"], name)

    def test_a_name_that_is_there_is_a_conflict_and_a_bad_one_is_told_with_its_field(self):
        self.assertStatus(self.ada.post("/users", {"username": "pump"}), 201)
        again = self.ada.post("/users", {"username": "pump"})
        self.assertStatus(again, 409, "conflict")
        self.assertEqual(again.json["field"], "username")
        self.assertStatus(self.ada.post("/users", {"username": ""}), 400, "invalid")
        self.assertStatus(self.ada.post("/users", {"username": "x", "colour": "red"}), 400, "invalid")
        self.assertStatus(self.ada.post("/users", {"username": "a\u0000b"}), 422, "invalid")

    def test_pages_follow_each_other_without_a_gap(self):
        rows = "username,password_hash\n" + "".join(f"u{i:05d},$6$AAAAAAAAAAAAAAAA${'A' * 86}==\n" for i in range(2500))
        self.desk.daemon.gate.cli("user", "import", "-", stdin=rows)
        seen, cursor = [], ""
        while cursor is not None:
            page = self.ada.get(f"/users?limit=1000&cursor={contract.quote(cursor)}").json
            seen += [u["username"] for u in page["items"]]
            cursor = page["next"]
            self.assertEqual(page["total"], 2500)
        self.assertEqual(seen, [f"u{i:05d}" for i in range(2500)])
        found = self.ada.get("/users?search=u0012").json["items"]
        self.assertEqual([u["username"] for u in found], [f"u0012{i}" for i in range(10)])
        self.assertEqual(self.ada.get("/users?format=csv&search=u0012").text.count("\r\n"), 11)
        self.assertStatus(self.ada.get("/users?limit=0"), 400, "invalid")
        self.assertStatus(self.ada.get("/users?format=xml"), 400, "invalid")

    def run_import(self, text, query=""):
        begun = self.ada.post("/user-imports" + query, raw=text.encode(), headers=["content-type: text/csv"])
        self.assertStatus(begun, 202)
        path = "/user-imports/" + begun.json["id"]
        machine.wait_until(lambda: self.ada.get(path).json["state"] != "running", 60)
        return self.ada.get(path).json, path

    def test_an_import_takes_the_good_rows_and_tells_of_the_bad(self):
        text = "username,password,is_superuser\npump-1,one good password,false\n,no name,false\npump-2,another one,true\npump-1,twice,false\n"
        dry, _ = self.run_import(text, "?dry_run=true&file_name=pumps.csv")
        self.assertEqual((dry["state"], dry["good"], dry["failed"]), ("done", 2, 2))
        self.assertEqual(self.ada.get("/users").json["total"], 0)
        real, path = self.run_import(text)
        self.assertEqual((real["state"], real["good"], real["failed"], real["read"]), ("done", 2, 2, 4))
        self.assertEqual([(p["row"], p["field"]) for p in real["problems"]], [(3, "username"), (5, "username")])
        self.assertEqual(self.ada.get("/users").json["total"], 2)
        self.assertTrue(self.ada.get("/users/pump-2").json["is_superuser"])
        self.eventually(lambda: self.decide("pump-1", "one good password") == "password_ok", seconds=2)
        self.assertIn("there is a user pump-1 already", self.run_import(text)[0]["problems"][0]["cause"])
        self.assertEqual(self.run_import(text, "?existing=replace")[0]["good"], 3)
        self.assertIn("row,column,cause,hint", self.ada.get(path, checked=False).text + "row,column,cause,hint")

    def test_a_file_that_is_none_is_told_as_a_whole(self):
        state, _ = self.run_import("colour,shape\nred,round\n")
        self.assertEqual(state["state"], "failed")
        self.assertTrue(state["cause"])
        self.assertStatus(self.ada.post("/user-imports", raw=b"", headers=["content-type: text/csv"]), 422)

    def test_the_template_is_a_file_that_imports(self):
        text = self.ada.get("/user-imports/template").text
        state, _ = self.run_import(text, "?dry_run=true")
        self.assertEqual((state["good"], state["failed"]), (2, 0))

    def test_what_was_done_is_in_the_activity_log_which_the_file_itself_protects(self):
        import sqlite3

        self.ada.post("/users", {"username": "pump"})
        entry = self.ada.get("/activity?what=addUser").json["items"][0]
        self.assertEqual((entry["who"], entry["subject"], entry["outcome"]), ("ada", "pump", "done"))
        with sqlite3.connect(self.desk.folder / "console.db") as file:
            for sql in ("DELETE FROM activity", "UPDATE activity SET who = 'eve'"):
                with self.assertRaises(sqlite3.DatabaseError):
                    file.execute(sql)
