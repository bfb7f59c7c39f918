"""What must not leave: tokens, passwords, callers' secrets and claims in logs, metrics and health."""

import urllib.parse

from harness import tokens
from harness.daemon import DaemonCase, form, request

CANARY = "canary-7f3a"


class Canaries(DaemonCase):
    def test_no_secret_is_in_a_log_a_metric_or_an_answer(self):
        daemon = self.daemon(settings=f'[jwt]\nsecret = "{tokens.KEY}"\n[log]\nlevel = "debug"\n', http='control_socket = "daemon.sock"\n')
        good = tokens.good("alice", claim=CANARY)
        bad = tokens.changed(good)
        planted = [CANARY + "-password", CANARY + "-segment", good, bad, good.split(".")[2], bad.split(".")[1]]
        answers = []
        for token in (good, bad, CANARY + "-password"):
            fields = dict(username="alice", vhost="/", client_id="c", clientid="c", password=token)
            for path in ("/rabbitmq/user", "/emqx4/auth", "/nanomq/auth", "/nanomq/super"):
                answers.append(daemon.ask("POST", path, form(**fields)))
            answers.append(daemon.ask("GET", "/rabbitmq/user?" + urllib.parse.urlencode(fields)))
            answers.append(daemon.post_json("/emqx/authenticate", fields))
            answers.append(daemon.post_json("/v1/decide", {"password": token, "explain": True}))
            answers.append(daemon.post_json("/v1/decide", {"password": token, "explain": 7}))
            answers.append(daemon.post_json("/vernemq", {"client_id": "c", "password": token}, ("vernemq-hook: auth_on_register",)))
            answers.append(daemon.ask("GET", "/proxy/check", headers=("authorization: Bearer " + token,)))
            answers.append(daemon.ask("GET", f"/{token}"))
        answers.append(daemon.ask("GET", f"/k/{CANARY}-segment/v1/decide"))
        with daemon.wire() as wire:
            wire.send(f"POST /v1/decide?{CANARY}-password HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n")
            answers.append(wire.reply())
        answers.append(daemon.ask("GET", "/metrics"))
        answers.append(daemon.ask("GET", "/health/ready"))
        text = daemon.log() + "".join(repr(a.headers) + a.body.decode() for a in answers)
        self.assertGreater(daemon.log().count("refused"), 5)
        for secret in planted:
            self.assertNotIn(secret, text)

    def test_a_clients_names_cannot_forge_a_line_or_a_header(self):
        daemon = self.daemon()
        forged = "x\n2026-01-01T00:00:00.000Z notice: forged\r\nset-cookie: a=b"
        daemon.post_form("/rabbitmq/user", username=forged, vhost="/", client_id=forged, password="x")
        self.assertNotIn("\n2026-01-01T00:00:00.000Z notice: forged", daemon.log())
        reply = daemon.ask("GET", "/proxy/check", headers=("authorization: Bearer " + tokens.good(forged),))
        self.assertEqual(reply.status, 200)
        self.assertNotIn("set-cookie", reply.headers)
