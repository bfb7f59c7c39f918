"""Who is to be ended is named to his broker's API: EMQX's and VerneMQ's, played as their documents have them."""

import base64
import http.server
import threading
import time

from harness import tokens
from harness.daemon import DaemonCase


class FakeApi:
    """Answers what it is told to, and remembers who asked for what."""

    def __init__(self, answer=(204, b"")):
        outer = self
        self.asked, self.answer = [], answer

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def ask(self):
                outer.asked.append((self.command, self.path, self.headers.get("Authorization")))
                status, body = outer.answer
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_DELETE = ask

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Ending(DaemonCase):
    SETTINGS = f'[jwt]\nsecret = "{tokens.KEY}"\nnot_a_token = "ignore"\n'

    def with_api(self, kind, user='user = "the-key"\n', secret="the secret of the api", more="", answer=(204, b"")):
        from harness.daemon import Daemon

        api = FakeApi(answer)
        self.addCleanup(api.close)
        brokers = f'[[brokers]]\nname = "one"\nkind = "{kind}"\nurl = "{api.url}"\n{user}password_file = "api"\n{more}'
        daemon = Daemon(settings=self.SETTINGS, http='control_socket = "daemon.sock"\n' + brokers)
        (daemon.folder / "api").write_text(secret + "\n")
        (daemon.folder / "api").chmod(0o600)
        daemon.gate.cli("user", "add", "carol", "--password-stdin", stdin="carols password\n")
        daemon.start()
        self.addCleanup(self._stop, daemon)
        return api, daemon

    def test_emqx_is_told_of_a_disabled_user_and_not_of_exp(self):
        api, daemon = self.with_api("emqx")
        for client in ({"username": "carol", "password": "carols password", "clientid": "carols/1"}, {"username": "d", "password": tokens.hs({"sub": "d", "exp": int(time.time()) + 2}), "clientid": "d-1"}):
            self.assertEqual(daemon.post_json("/emqx/authenticate", client).json["result"], "allow")
        daemon.gate.cli("user", "disable", "carol")
        self.eventually(lambda: api.asked)
        time.sleep(2.5)  # d's exp: EMQX was told of it at the beginning
        self.assertEqual(api.asked, [("DELETE", "/api/v5/clients/carols%2F1", basic("the-key", "the secret of the api"))])
        self.assertEqual(daemon.post_json("/emqx/authorize", {"username": "carol", "clientid": "carols/1", "action": "publish", "topic": "a"}).json["result"], "deny")
        self.assertNotIn("the secret of the api", daemon.log())

    def test_emqx_is_told_of_a_revoked_token_and_of_a_blocked_client_and_of_nobody_else(self):
        api, daemon = self.with_api("emqx")
        for number in range(3):
            client = {"username": f"d{number}", "password": tokens.good(f"d{number}", jti=f"j{number}"), "clientid": f"c{number}"}
            self.assertEqual(daemon.post_json("/emqx/authenticate", client).json["result"], "allow")
        daemon.gate.cli("revoke", "add", "--jti", "j1")
        self.eventually(lambda: api.asked)
        daemon.gate.cli("block", "add", "--client-id", "c2")
        self.eventually(lambda: len(api.asked) == 2)
        self.assertEqual([path for _, path, _ in api.asked], ["/api/v5/clients/c1", "/api/v5/clients/c2"])
        again = {"username": "d1", "password": tokens.good("d1", jti="j1"), "clientid": "c1"}
        self.assertEqual(daemon.post_json("/emqx/authenticate", again).json["result"], "deny")

    def test_emqx4_is_told_of_exp(self):
        api, daemon = self.with_api("emqx4", answer=(200, b'{"code":0}'))
        token = tokens.hs({"sub": "d", "exp": int(time.time()) + 2})
        self.assertEqual(daemon.post_form("/emqx4/auth", username="d", clientid="d-1", password=token).status, 200)
        self.eventually(lambda: api.asked)
        self.assertEqual(api.asked[0][:2], ("DELETE", "/api/v4/clients/d-1"))
        self.assertGreaterEqual(time.time(), tokens_exp(token))
        self.eventually(lambda: daemon.metric('sallyport_broker_ends_total{broker="one",result="ended"}') == 1)

    def test_vernemqs_key_is_its_user_and_its_mount_point_is_named(self):
        api, daemon = self.with_api("vernemq", user="", secret="the-api-key", answer=(200, b"{}"))
        ask = {"username": "carol", "password": "carols password", "client_id": "c 1", "mountpoint": "m"}
        self.assertEqual(daemon.post_json("/vernemq", ask, ("vernemq-hook: auth_on_register",)).json["result"], "ok")
        daemon.gate.cli("user", "delete", "carol")
        self.eventually(lambda: api.asked)
        self.assertEqual(api.asked[0], ("GET", "/api/v1/session/disconnect?client-id=c%201&--mountpoint=m", basic("the-api-key", "")))

    def test_a_broker_that_does_not_answer_delays_no_decision_and_is_said(self):
        api, daemon = self.with_api("emqx4", answer=(503, b""))
        token = tokens.hs({"sub": "d", "exp": int(time.time()) + 1})
        self.assertEqual(daemon.post_form("/emqx4/auth", username="d", clientid="d-1", password=token).status, 200)
        self.eventually(lambda: len(api.asked) >= 2)
        self.assertEqual(daemon.post_form("/emqx4/auth", username="e", clientid="e-1", password=tokens.good("e")).status, 200)
        self.assertEqual(daemon.metric('sallyport_broker_away{broker="one"}'), 1)
        status = daemon.gate.cli("status")
        self.assertIn("does not end connections: it answers 503", status)
        self.assertIn("broker one does not end connections", daemon.ask("GET", "/health/ready").text)
        api.answer = (200, b'{"code":0}')
        self.eventually(lambda: daemon.metric('sallyport_broker_ends_total{broker="one",result="ended"}') == 1)
        self.eventually(lambda: "it answers again" in daemon.log())

    def test_an_operator_counts_who_is_in_and_ends_them_at_a_pace(self):
        api, daemon = self.with_api("emqx")
        old = tokens.hs({"sub": "m", "exp": int(time.time()) + 600}, header={"alg": "HS256", "kid": "old"})
        enter = lambda name, token: daemon.post_json("/emqx/authenticate", {"username": "x", "password": token, "clientid": name}).json["result"]
        may = lambda name: daemon.post_json("/emqx/authorize", {"username": "x", "clientid": name, "action": "publish", "topic": "a"}).json["result"]
        for number in range(6):
            self.assertEqual(enter(f"m-{number}", old), "allow")
        self.assertEqual(enter("other", tokens.good("other")), "allow")
        end = lambda *words, **named: daemon.gate.cli("session", "end", "--where", "kid=old", *words, **named)
        self.assertEqual(end("--dry-run"), "6 sessions\n")
        self.assertIn("nobody said yes", end(code=2, stdin=""))
        self.assertEqual([may("m-0"), api.asked], ["allow", []])
        begun = time.monotonic()
        out = daemon.gate.cli_json("session", "end", "--where", "kid=old", "--where", "client_id=m-*", "--pace", "3", "--yes")
        self.assertEqual(out, {"sessions": 6, "ending": 6, "seconds": 2})
        self.eventually(lambda: len(api.asked) == 6)
        self.assertGreater(time.monotonic() - begun, 1.0, "paced: the last was not among the first")
        self.assertEqual(sorted(path for _, path, _ in api.asked), [f"/api/v5/clients/m-{number}" for number in range(6)])
        self.assertEqual([may("m-0"), may("other")], ["deny", "allow"])
        self.assertEqual(daemon.gate.cli_json("why", "--client-id", "m-0", "--last", "1")["decisions"][0]["reason"], "ended_by_operator")
        # Nobody was kept out: a token that is still good comes back.
        self.assertEqual([enter("m-0", old), may("m-0")], ["allow", "allow"])
        self.assertIn("addresses", daemon.gate.cli("session", "end", "--where", "address=127.0.0.0/8", "--dry-run", code=1))

    def test_where_no_api_is_named_who_is_ended_is_denied_what_he_asks_next(self):
        daemon = self.daemon(http='control_socket = "daemon.sock"\n')
        ask = {"username": "x", "clientid": "n", "password": tokens.good("n")}
        topic = {"username": "x", "clientid": "n", "action": "publish", "topic": "a"}
        self.assertEqual(daemon.post_json("/emqx/authenticate", ask).json["result"], "allow")
        self.assertEqual(daemon.post_json("/emqx/authorize", topic).json["result"], "allow")
        self.assertEqual(daemon.gate.cli_json("session", "end", "--where", "username=x", "--yes")["ending"], 1)
        self.eventually(lambda: daemon.post_json("/emqx/authorize", topic).json["result"] == "deny")
        self.assertEqual(daemon.gate.cli_json("session", "end", "--where", "username=x", "--dry-run")["sessions"], 0)

    def test_who_came_back_with_a_longer_token_is_left_alone(self):
        api, daemon = self.with_api("emqx4", answer=(200, b'{"code":0}'))
        for seconds in (2, 600):
            token = tokens.hs({"sub": "d", "exp": int(time.time()) + seconds})
            self.assertEqual(daemon.post_form("/emqx4/auth", username="d", clientid="d-1", password=token).status, 200)
        time.sleep(3.5)
        self.assertEqual(api.asked, [])


def tokens_exp(token):
    import json

    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["exp"]
