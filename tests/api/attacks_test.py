"""What a stranger's page, name, file or address could do to the console, and does not."""

import json
import socket
import threading

from harness import machine, tokens
from harness.console import PASSWORD, Console, ConsoleCase
from harness.daemon import Daemon


class ForgeryTest(ConsoleCase):
    def setUp(self):
        self.desk = self.console()
        self.ada = self.desk.first("ada")

    def test_a_request_without_the_sessions_token_changes_nothing(self):
        csrf = self.ada.csrf
        for wrong in ("", "0" * len(csrf), csrf[:-1]):
            self.ada.csrf = wrong
            self.assertStatus(self.ada.post("/users", {"username": "pump"}), 403, "csrf")
        self.ada.csrf = csrf
        self.assertStatus(self.ada.get("/users/pump"), 404)
        self.assertStatus(self.ada.post("/users", {"username": "pump"}), 201)

    def test_a_page_of_another_origin_can_do_nothing_even_with_the_token(self):
        for header in ("origin: https://evil.example", "origin: null", "sec-fetch-site: cross-site", "sec-fetch-site: same-site"):
            self.assertStatus(self.ada.post("/users", {"username": "pump"}, headers=[header]), 403, "csrf")
        own = [f"origin: http://{self.desk.host}", "sec-fetch-site: same-origin"]
        self.assertStatus(self.ada.post("/users", {"username": "pump"}, headers=own), 201)

    def test_a_page_of_another_origin_cannot_sign_a_browser_in(self):
        seat = self.desk.seat()
        body = {"name": "ada", "password": PASSWORD}
        self.assertStatus(seat.post("/session", body, headers=["origin: https://evil.example"]), 403, "csrf")
        self.assertStatus(seat.post("/session", body), 200)

    def test_a_form_cannot_be_taken_for_json(self):
        data = json.dumps({"username": "pump"}).encode()
        reply = self.ada.post("/users", raw=data, headers=["content-type: text/plain"])
        self.assertStatus(reply, 400, "not_json")

    def test_one_sessions_token_is_worth_nothing_in_another(self):
        bob = self.desk.colleague(self.ada, "bob", "operator")
        bob.csrf = self.ada.csrf
        self.assertStatus(bob.post("/users", {"username": "pump"}), 403, "csrf")


class HostTest(ConsoleCase):
    def test_only_its_own_names_reach_it(self):
        desk = self.console(console='hosts = ["gate.example.com"]\n')
        for host in ("evil.example", f"evil.example:{desk.port}", f"127.0.0.1.evil.example:{desk.port}", "127.0.0.1:1", ""):
            for path in ("/", "/api/v1/welcome"):
                reply = desk.send("GET", path, headers=[f"host: {host}"])
                self.assertEqual(reply.status, 421, f"{host}: {reply}")
                self.assertEqual(reply.json["reason"], "foreign_host")
        for host in (desk.host, f"localhost:{desk.port}", f"LOCALHOST:{desk.port}", "gate.example.com", "gate.example.com:8443"):
            self.assertEqual(desk.send("GET", "/api/v1/welcome", headers=[f"host: {host}"]).status, 200, host)


class PagesTest(ConsoleCase):
    def test_every_answer_keeps_other_pages_out(self):
        desk = self.console()
        for path in ("/", "/api/v1/welcome", "/api/v1/users", "/nothing.js"):
            headers = desk.send("GET", path).headers
            policy = headers["content-security-policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertIn("frame-ancestors 'none'", policy)
            self.assertIn("script-src 'self'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual(headers["x-frame-options"], "DENY")
            self.assertEqual(headers["x-content-type-options"], "nosniff")
            self.assertEqual(headers["referrer-policy"], "no-referrer")

    def test_no_path_leads_to_a_file(self):
        desk = self.console()
        for path in (
            "/../../../etc/passwd", "/..%2f..%2f..%2fetc%2fpasswd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd",
            "/assets/../../../../etc/passwd", "/....//....//etc/passwd", "/console.db", "/assets/%00",
            "/api/v1/../../console.db", "/api/v1/users/..%2f..%2fetc%2fpasswd",
        ):  # fmt: skip
            reply = desk.send("GET", path)
            self.assertNotIn(b"root:", reply.body, path)
            self.assertNotIn(b"SQLite format", reply.body, path)
            self.assertIn(reply.status, (200, 400, 401, 404), path)

    def test_the_console_is_not_on_the_doors_of_the_brokers_nor_they_on_its_own(self):
        desk = self.console(settings=f'[jwt]\nsecret = "{tokens.KEY}"\n')
        self.assertEqual(desk.daemon.ask("GET", "/api/v1/welcome").status, 404)
        self.assertEqual(desk.send("POST", "/v1/decide", b"{}").status, 405)


class BindingTest(ConsoleCase):
    def test_beyond_loopback_it_needs_tls_or_a_word(self):
        def refusal(lines):
            daemon = Daemon(settings=f'[jwt]\nsecret = "{tokens.KEY}"\n')
            text = daemon.gate.file.read_text()
            daemon.gate.write_raw(text + f'[console]\nlisten = ["0.0.0.0:0"]\n{lines}')
            return daemon

        refused = refusal("").start(code=3)
        self.assertIn("passwords would go over it in the clear", refused.log())
        allowed = refusal("allow_plain = true\n").start()
        self.addCleanup(self._stop, allowed)
        self.assertIn("the console is at http://0.0.0.0:", allowed.log())


class FloodTest(ConsoleCase):
    def test_whoever_may_do_nothing_cannot_fill_the_activity_log(self):
        desk = self.console()
        ada = desk.first("ada")
        vera = desk.colleague(ada, "vera", "viewer")
        for _ in range(120):
            self.assertStatus(vera.ask("POST", "/users", {"username": "x", "password": "y"}, checked=False), 403, "forbidden")
        for _ in range(60):
            desk.seat().ask("POST", "/session/first", {"invitation": "made up", "name": "x", "password": "z"}, checked=False)
        rows = ada.get("/activity?limit=1000").json["items"]
        refused = [row for row in rows if row["outcome"] == "refused"]
        self.assertGreater(len(refused), 25)
        self.assertLess(len(refused), 90)


class DoctorTest(ConsoleCase):
    """What an administrator may make the daemon ask is what the fetcher may ask."""

    def setUp(self):
        self.desk = self.console()
        self.ada = self.desk.first("ada")

    def test_metadata_and_link_local_addresses_stay_closed(self):
        for address in ("http://169.254.169.254/latest/meta-data", "https://169.254.169.254/"):
            reply = self.ada.post("/keys/doctor", {"address": address})
            self.assertStatus(reply, 200)
            self.assertFalse(reply.json["good"], address)
            self.assertNotIn("http", [s["what"] for s in reply.json["steps"] if s["good"]], address)

    def test_other_schemes_and_addresses_with_secrets_are_no_addresses(self):
        for address in ("file:///etc/passwd", "gopher://127.0.0.1:6379/", "https://user:pass@id.example/", "x"):
            self.assertStatus(self.ada.post("/keys/doctor", {"address": address}), 422, "invalid")

    def test_a_viewer_cannot_make_the_daemon_ask_anything(self):
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        listener.settimeout(0.5)
        vera = self.desk.colleague(self.ada, "vera", "viewer")
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys"
        self.assertStatus(vera.post("/keys/doctor", {"address": url}), 403, "forbidden")
        with self.assertRaises(TimeoutError):
            listener.accept()

    def test_an_operators_draft_sends_no_header_and_no_file_to_an_address_of_his(self):
        etag = self.ada.get("/settings").headers["etag"]
        changes = {"jwt.jwks_url": "https://id.example/keys", "jwt.jwks_headers": {"X-Key": "canary-header"}, "jwt.audience": "a"}
        self.assertStatus(self.ada.post("/settings/revisions", {"changes": changes, "why": "a source with a header"}, headers=[f"if-match: {etag}"]), 201)
        secret = self.desk.folder / "secret"
        secret.write_text("canary-file\n")
        olaf = self.desk.colleague(self.ada, "olaf", "operator")
        for seat, headers, sent in (
            (olaf, None, b""), (olaf, {"X-Key": {"file": str(secret)}}, b""), (olaf, {"X-Key": {"env": "PATH"}}, b""),
            (self.ada, {"X-Key": {"file": str(secret)}}, b""), (self.ada, {"X-Key": "her own"}, b"her own"),
        ):  # fmt: skip
            with self.subTest(f"{'operator' if seat is olaf else 'administrator'} {headers}"):
                listener, heard = self.listen()
                url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys"
                draft = {"jwt.jwks_url": url, **({} if headers is None else {"jwt.jwks_headers": headers})}
                self.assertStatus(seat.post("/keys/doctor", {"address": url, "changes": draft}), 200)
                listener.close()
                asked = b"".join(heard)
                self.assertNotIn(b"canary", asked)
                self.assertNotIn(b"/usr/bin", asked)
                self.assertIn(sent, asked)

    def test_a_kept_header_goes_to_no_other_address_than_it_was_given_for(self):
        def law(changes, status):
            etag = self.ada.get("/settings").headers["etag"]
            return self.assertStatus(self.ada.post("/settings/revisions", {"changes": changes, "why": "x"}, headers=[f"if-match: {etag}"]), status)

        issuer = {"name": "a", "issuer": "https://a.example", "jwks_url": "https://a.example/keys", "audience": "a", "jwks_headers": {"X-Key": "canary-header"}}
        law({"jwt.jwks_url": "https://id.example/keys", "jwt.jwks_headers": {"X-Key": "canary-header"}, "jwt.audience": "a", "jwt.issuers": [issuer]}, 201)
        kept = {"X-Key": {"$set": True}}
        law({"jwt.jwks_url": "https://elsewhere.example/keys"}, 422)
        law({"jwt.jwks_proxy": "http://elsewhere.example:3128"}, 422)
        law({"jwt.issuers": [{**issuer, "jwks_url": "https://elsewhere.example/keys", "jwks_headers": kept}]}, 422)
        law({"jwt.issuers": [{**issuer, "jwks_headers": kept, "leeway": "5s"}]}, 201)
        law({"jwt.jwks_url": "https://elsewhere.example/keys", "jwt.jwks_headers": {"X-Key": "another"}}, 201)
        law({"jwt.jwks_url": "https://id.example/keys", "jwt.jwks_headers": None}, 201)

    def listen(self):
        """Hears each request to the end of its head, and answers with an empty key set."""
        listener, heard = socket.create_server(("127.0.0.1", 0)), []

        def serve():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    try:
                        while not heard or b"\r\n\r\n" not in heard[-1]:
                            part = connection.recv(4096)
                            if not part:
                                break
                            heard.append(part)
                        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\nconnection: close\r\n\r\n{\"keys\":[]}")
                    except OSError:
                        pass

        threading.Thread(target=serve, daemon=True).start()
        return listener, heard

    def test_a_broken_address_is_told_step_by_step(self):
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        reply = self.ada.post("/keys/doctor", {"address": f"http://127.0.0.1:{port}/keys"})
        self.assertStatus(reply, 200)
        self.assertFalse(reply.json["good"])
        bad = [s for s in reply.json["steps"] if not s["good"]]
        self.assertEqual(bad[0]["what"], "tcp")
        self.assertTrue(bad[0]["cause"] and bad[0]["cure"], bad)


class FormulaTest(ConsoleCase):
    def test_no_exported_cell_is_a_formula(self):
        desk = self.console()
        ada = desk.first("ada")
        names = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "＝1", ' =1', '"=1']
        for name in names:
            self.assertStatus(ada.post("/users", {"username": name}), 201)
        text = ada.get("/users?format=csv").text
        import csv
        import io

        cells = [row[0] for row in csv.reader(io.StringIO(text))][1:]
        self.assertEqual(len(cells), len(names))
        for cell in cells:
            self.assertTrue(cell.startswith("'"), repr(cell))
        self.assertIn("pump", ada.post("/users", {"username": "pump"}).text)
        self.assertIn("\r\npump,", ada.get("/users?format=csv").text)


class FlushTest(ConsoleCase):
    def test_bodies_of_strangers_are_not_read(self):
        desk = self.console()
        desk.first("ada")
        with socket.create_connection(("127.0.0.1", desk.port), timeout=10) as wire:
            wire.sendall(
                f"POST /api/v1/user-imports HTTP/1.1\r\nhost: {desk.host}\r\ncontent-length: 60000000\r\n\r\n".encode()
            )
            self.assertIn(b" 401 ", wire.recv(4096).split(b"\r\n")[0] + b" ")

    def test_a_body_beyond_an_operations_own_cap_is_413(self):
        desk = self.console()
        ada = desk.first("ada")
        reply = ada.post("/users", raw=b"x" * 300_000, headers=["content-type: application/json"], checked=False)
        self.assertEqual(reply.status, 413)

    def test_many_who_guess_at_once_leave_the_others_served(self):
        desk = self.console()
        ada = desk.first("ada")
        threads = [threading.Thread(target=lambda i=i: desk.seat().sign_in(f"n{i}", "wrong password 123")) for i in range(8)]
        for thread in threads:
            thread.start()
        self.assertStatus(ada.get("/session"), 200)
        for thread in threads:
            thread.join()


class SecretsTest(ConsoleCase):
    """Canaries: no secret that was put in comes out, by any operation, log or file that is not its place."""

    def test_no_answer_holds_a_secret(self):
        canary = "canary-secret-of-thirty-two-bytes!"
        desk = self.console(store_settings='[password]\nenabled = true\n')
        ada = desk.first("ada")
        etag = ada.get("/settings").headers["etag"]
        made = ada.post("/settings/revisions", {"changes": {"jwt.secret": canary}, "why": "a key"}, headers=[f"if-match: {etag}"])
        self.assertStatus(made, 201)
        ada.post("/users", {"username": "pump", "password": "canary-password-1"})
        said = [
            ada.get(path).text
            for path in ("/settings", "/settings/revisions", f"/settings/revisions/{made.json['number']}", "/users",
                         "/users?format=csv", "/activity", "/overview", "/keys", "/administrators", "/api-tokens")
        ]  # fmt: skip
        said.append(ada.post("/settings/check", {"changes": {"jwt.secret": canary + "2", "jwt.leeway": 1}}).text)
        said.append(ada.post("/try", {"attempt": {"client_id": "c", "username": "pump", "password": "canary-password-1"}}).text)
        said.append(desk.daemon.log())
        for text in said:
            self.assertNotIn("canary", text)
        for file in desk.folder.glob("store.db*"):
            self.assertNotIn(b"canary", file.read_bytes(), file)
        for file in desk.folder.glob("console.db*"):
            self.assertNotIn(b"canary", file.read_bytes(), file)


__all__ = ["Console", "machine"]
