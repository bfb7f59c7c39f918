"""Signing in, sessions, and who may do what, against the real daemon."""

import os
import stat
import time

from harness import contract
from harness.console import PASSWORD, ROLES, ConsoleCase


class FirstAdministratorTest(ConsoleCase):
    def test_the_first_one_comes_in_by_a_link_that_works_once_and_is_in_no_log(self):
        console = self.console()
        link = console.link()
        file = console.folder / "first-administrator.link"
        self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        secret = link.split("#/welcome/")[1]
        self.assertNotIn(secret, console.daemon.log())
        self.assertTrue(console.seat().get("/welcome").json["first_administrator_missing"])
        seat = console.first("ada")
        self.assertEqual(seat.get("/session").json["role"], "administrator")
        self.assertFalse(seat.get("/welcome").json["first_administrator_missing"])
        again = console.seat().post("/session/first", {"invitation": secret, "name": "eve", "password": PASSWORD})
        self.assertStatus(again, 401, "wrong_credentials")

    def test_a_made_up_link_is_nobodys(self):
        console = self.console()
        reply = console.seat().post("/session/first", {"invitation": "x" * 43, "name": "eve", "password": PASSWORD})
        self.assertStatus(reply, 401, "wrong_credentials")
        self.assertTrue(console.seat().get("/welcome").json["first_administrator_missing"])

    def test_a_short_password_is_refused_and_the_link_stays_good(self):
        console = self.console()
        secret = console.link().split("#/welcome/")[1]
        reply = console.seat().post("/session/first", {"invitation": secret, "name": "ada", "password": "short"})
        self.assertStatus(reply, 422, "invalid")
        self.assertEqual(reply.json["field"], "password")
        console.first("ada")

    def test_the_stores_file_of_administrators_is_for_its_owner_alone(self):
        console = self.console()
        console.first()
        self.assertEqual(stat.S_IMODE(os.stat(console.folder / "console.db").st_mode), 0o600)
        self.assertNotIn(PASSWORD.encode(), (console.folder / "console.db").read_bytes())

    def test_an_administrators_password_is_kept_as_argon2id_of_64_mib(self):
        import sqlite3

        console = self.console()
        console.first()
        with sqlite3.connect(console.folder / "console.db") as file:
            (hashed,) = file.execute("SELECT hash FROM administrators").fetchone()
        hashed = hashed.decode() if isinstance(hashed, bytes) else hashed
        self.assertTrue(hashed.startswith("$argon2id$v=19$m=65536,"), hashed[:30])


class SignInTest(ConsoleCase):
    def setUp(self):
        self.desk = self.console()
        self.ada = self.desk.first("ada")

    def test_a_right_password_signs_in_and_a_wrong_one_does_not(self):
        self.assertStatus(self.desk.seat().sign_in("ada"), 200)
        self.assertStatus(self.desk.seat().sign_in("ada", PASSWORD + "x"), 401, "wrong_credentials")
        self.assertStatus(self.desk.seat().sign_in("nobody"), 401, "wrong_credentials")

    def test_guessing_is_slowed_by_name_and_address(self):
        replies = [self.desk.seat().sign_in("ada", f"wrong {i} of twelve characters") for i in range(5)]
        self.assertEqual([r.status for r in replies[:3]], [401, 401, 401])
        self.assertEqual(replies[-1].status, 429)
        self.assertGreaterEqual(int(replies[-1].headers["retry-after"]), 1)
        # The right password waits as well: a guesser must not learn that he has found it.
        self.assertStatus(self.desk.seat().sign_in("ada"), 429, "slow_down")
        # Who is signed in stays so.
        self.assertStatus(self.ada.get("/session"), 200)

    def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(self):
        seat = self.desk.seat()
        cookie = seat.sign_in("ada").headers["set-cookie"]
        self.assertIn("; HttpOnly", cookie)
        self.assertIn("; SameSite=Strict", cookie)
        self.assertIn("; Path=/", cookie)

    def test_signing_in_makes_a_new_session_and_ends_the_one_that_was_there(self):
        planted = self.desk.seat()
        planted.sign_in("ada")
        old = planted.cookie
        planted.sign_in("ada")
        self.assertNotEqual(planted.cookie, old)
        attacker = self.desk.seat()
        attacker.cookie = old
        self.assertStatus(attacker.get("/session"), 401, "not_signed_in")
        made_up = self.desk.seat()
        made_up.cookie = "sallyport_session=chosen-by-somebody"
        made_up.sign_in("ada")
        self.assertNotIn("chosen-by-somebody", made_up.cookie)

    def test_signing_out_ends_the_session_in_the_daemon(self):
        seat = self.desk.seat()
        seat.sign_in("ada")
        cookie = seat.cookie
        self.assertStatus(seat.delete("/session"), 204)
        seat.cookie = cookie
        self.assertStatus(seat.get("/session"), 401, "not_signed_in")

    def test_a_new_password_ends_the_other_sessions(self):
        other = self.desk.seat()
        other.sign_in("ada")
        self.assertStatus(self.ada.put("/session/password", {"old": "wrong of course", "new": PASSWORD + " more"}), 422)
        self.assertStatus(self.ada.put("/session/password", {"old": PASSWORD, "new": PASSWORD + " more"}), 200)
        self.assertStatus(other.get("/session"), 401)
        self.assertStatus(self.ada.get("/session"), 200)
        self.assertStatus(self.desk.seat().sign_in("ada", PASSWORD + " more"), 200)

    def test_a_session_outlives_a_restart_of_the_daemon(self):
        self.assertEqual(self.desk.daemon.stop(), 0)
        self.desk.start()
        self.assertStatus(self.ada.get("/session"), 200)

    def test_a_disabled_administrator_is_out_at_once(self):
        bob = self.desk.colleague(self.ada, "bob", "viewer")
        entry = [a for a in self.ada.get("/administrators").json["items"] if a["name"] == "bob"][0]
        done = self.ada.patch("/administrators/bob", {"enabled": False}, headers=[f"if-match: {entry['etag']}"])
        self.assertStatus(done, 200)
        self.assertStatus(bob.get("/session"), 401)
        self.assertStatus(self.desk.seat().sign_in("bob"), 401, "wrong_credentials")

    def test_the_last_administrator_cannot_go(self):
        entry = self.ada.get("/administrators").json["items"][0]
        self.assertStatus(self.ada.delete("/administrators/ada"), 409, "conflict")
        for change in ({"role": "viewer"}, {"enabled": False}):
            reply = self.ada.patch("/administrators/ada", change, headers=[f"if-match: {entry['etag']}"])
            self.assertStatus(reply, 409, "conflict")
        self.assertStatus(self.ada.get("/session"), 200)

    def test_administrators_and_tokens_are_found_by_part_of_their_name(self):
        for name in ("bob", "rob", "eve"):
            self.assertStatus(self.ada.post("/administrators", {"name": name, "role": "viewer"}), 201)
            self.assertStatus(self.ada.post("/api-tokens", {"name": name, "role": "viewer", "ends_at": int(time.time()) + 600}), 201)
        for path in ("/administrators", "/api-tokens"):
            names = lambda query, path=path: sorted(one["name"] for one in self.ada.get(path + query).json["items"])
            self.assertEqual(names("?search=ob"), ["bob", "rob"])
            self.assertEqual(names("?search=nobody"), [])
            page = self.ada.get(path + "?search=ob&limit=1").json
            rest = self.ada.get(f"{path}?search=ob&limit=1&cursor={contract.quote(page['next'])}").json
            self.assertEqual(sorted(one["name"] for one in page["items"] + rest["items"]), ["bob", "rob"])
            self.assertIsNone(rest["next"])
            self.assertEqual(self.ada.get(path + "?search=ob&format=csv").text.count("\r\n"), 3)

    def test_two_who_edit_one_administrator_do_not_lose_each_others_work(self):
        self.desk.colleague(self.ada, "bob", "viewer")
        etag = [a for a in self.ada.get("/administrators").json["items"] if a["name"] == "bob"][0]["etag"]
        self.assertStatus(self.ada.patch("/administrators/bob", {"role": "operator"}), 428, "precondition_missing")
        first = self.ada.patch("/administrators/bob", {"role": "operator"}, headers=[f"if-match: {etag}"])
        self.assertStatus(first, 200)
        second = self.ada.patch("/administrators/bob", {"role": "viewer"}, headers=[f"if-match: {etag}"])
        self.assertStatus(second, 412, "changed_meanwhile")


class ApiTokenTest(ConsoleCase):
    def setUp(self):
        self.desk = self.console()
        self.ada = self.desk.first("ada")

    def token(self, role, life=3600):
        made = self.ada.post("/api-tokens", {"name": "ci", "role": role, "ends_at": int(time.time()) + life})
        self.assertStatus(made, 201)
        seat = self.desk.seat()
        seat.token = made.json["token"]
        return seat, made.json

    def test_a_token_does_what_its_role_may_without_a_cookie(self):
        seat, made = self.token("operator")
        self.assertStatus(seat.get("/users"), 200)
        self.assertStatus(seat.post("/users", {"username": "pump"}), 201)
        self.assertStatus(seat.get("/activity"), 403, "forbidden")
        self.assertNotIn(made["token"], self.ada.get("/api-tokens").text)
        self.assertStatus(self.ada.delete(f"/api-tokens/{made['id']}"), 204)
        self.assertStatus(seat.get("/users"), 401, "not_signed_in")

    def test_a_token_cannot_make_itself_permanent(self):
        seat, _ = self.token("administrator")
        self.assertStatus(seat.post("/api-tokens", {"name": "x", "role": "viewer", "ends_at": int(time.time()) + 60}), 403)
        self.assertStatus(seat.post("/administrators", {"name": "eve", "role": "administrator"}), 403)

    def test_a_token_ends(self):
        seat, _ = self.token("viewer", life=2)
        self.assertStatus(seat.get("/users"), 200)
        self.eventually(lambda: seat.get("/users").status == 401, "it did not end")

    def test_a_token_of_one_who_was_demoted_does_no_more_than_he_may(self):
        bob = self.desk.colleague(self.ada, "bob", "administrator")
        made = bob.post("/api-tokens", {"name": "bobs", "role": "administrator", "ends_at": int(time.time()) + 600})
        seat = self.desk.seat()
        seat.token = made.json["token"]
        self.assertStatus(seat.get("/activity"), 200)
        etag = [a for a in self.ada.get("/administrators").json["items"] if a["name"] == "bob"][0]["etag"]
        self.assertStatus(self.ada.patch("/administrators/bob", {"role": "viewer"}, headers=[f"if-match: {etag}"]), 200)
        self.assertStatus(seat.get("/activity"), 403, "forbidden")


class NamesTest(ConsoleCase):
    def test_a_name_holds_no_control_character_and_no_space_at_its_ends(self):
        ada = self.console().first("ada")
        token = {"role": "viewer", "ends_at": int(time.time()) + 600}
        for name in ("to\tm", "to\x1b[2Jm", "to\nm", "to\x7fm", " tom", "tom "):
            for path, more in (("/administrators", {"role": "viewer"}), ("/api-tokens", token)):
                refused = ada.post(path, {"name": name, **more})
                self.assertStatus(refused, 422, "invalid")
                self.assertEqual(refused.json["field"], "name")
        self.assertStatus(ada.post("/administrators", {"name": "tom of the Hall", "role": "viewer"}), 201)
        self.assertStatus(ada.post("/api-tokens", {"name": "tom of the Hall", **token}), 201)


class RolesTest(ConsoleCase):
    """Role by operation, as api/openapi.yaml has them: the whole table."""

    def test_each_operation_is_refused_to_each_role_below_its_own_and_to_no_other(self):
        console = self.console()
        seats = {"administrator": console.first("ada")}
        seats["operator"] = console.colleague(seats["administrator"], "olga", "operator")
        seats["viewer"] = console.colleague(seats["administrator"], "vera", "viewer")
        seats["none"] = console.seat()
        order = ("none", *ROLES)
        wrong = []
        for operation in contract.OPERATIONS:
            if operation.not_yet or operation.id in ("signOut", "signIn", "useInvitation", "setOwnPassword"):
                continue
            # Nobody of that name: what he may do changes nothing.
            path = operation.path.replace("{number}", "999999").replace("{reason}", "no_such_reason")
            for part in ("username", "client_id", "name", "id"):
                path = path.replace("{" + part + "}", "nobody-there")
            for role in order:
                seat = seats[role]
                body = {} if operation.method in ("POST", "PUT", "PATCH") else None
                reply = seat.ask(operation.method, path, body)
                may = order.index(role) >= order.index(operation.role)
                refused = reply.status in (401, 403)
                if refused == may:
                    wrong.append(f"{operation} as {role}: {reply.status}, and x-role is {operation.role}")
                if role == "none" and not may and reply.status != 401:
                    wrong.append(f"{operation} as nobody: {reply.status}, not 401")
        self.assertEqual(wrong, [])

    def test_every_operation_that_is_written_down_is_there(self):
        console = self.console()
        ada = console.first("ada")
        missing = []
        for operation in contract.OPERATIONS:
            if operation.not_yet:
                continue
            reply = ada.desk.send("OPTIONS", "/api/v1" + operation.path.replace("{", "").replace("}", ""))
            if operation.method not in reply.headers.get("allow", ""):
                missing.append(str(operation))
        self.assertEqual(missing, [])
