"""Revocations, blocks and bound tokens in sallyportd: at CONNECT, and for those who are in."""

import base64
import hashlib
import time
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness import certs, tokens
from harness.daemon import Daemon, DaemonCase


class Revocation(DaemonCase):
    def test_whoever_is_in_is_denied_once_revoked_or_blocked(self):
        daemon = self.daemon()
        for number, words in enumerate((["revoke", "add", "--jti", "j-0"], ["revoke", "add", "--principal", "p-1"], ["block", "add", "--client-id", "e2"])):
            with self.subTest(words):
                body = {"username": "alice", "clientid": f"e{number}", "password": tokens.good(f"p-{number}", jti=f"j-{number}"), "peerhost": "192.0.2.7"}
                twin = {**body, "clientid": f"twin{number}", "password": tokens.good("other", jti="other")}
                question = {"username": "alice", "topic": "a/b", "action": "publish"}
                for one in (body, twin):
                    self.assertEqual(daemon.post_json("/emqx/authenticate", one).json["result"], "allow")
                    self.assertEqual(daemon.post_json("/emqx/authorize", {**question, "clientid": one["clientid"]}).json["result"], "allow")
                daemon.gate.cli(*words)
                begun = time.monotonic()
                denied = lambda: daemon.post_json("/emqx/authorize", {**question, "clientid": body["clientid"]}).json["result"] == "deny"
                self.eventually(denied, seconds=2)
                self.assertLess(time.monotonic() - begun, 1.0)
                self.assertEqual(daemon.post_json("/emqx/authenticate", body).json["result"], "deny")
                self.assertEqual(daemon.post_json("/emqx/authorize", {**question, "clientid": twin["clientid"]}).json["result"], "allow")
                self.assertEqual(daemon.post_json("/emqx/authenticate", twin).json["result"], "allow")

    def test_a_blocked_address_is_refused_by_what_the_broker_says_of_it(self):
        daemon = self.daemon()
        daemon.gate.cli("block", "add", "--address", "192.0.2.0/24")
        body = {"username": "alice", "clientid": "a", "password": tokens.good(), "peerhost": "192.0.2.7"}
        self.eventually(lambda: daemon.post_json("/emqx/authenticate", body).json["result"] == "deny", seconds=2)
        body["peerhost"] = "198.51.100.7"
        self.assertEqual(daemon.post_json("/emqx/authenticate", body).json["result"], "allow")


class Certificates(DaemonCase):
    SEGMENT = "a-segment-of-the-tests"

    def begin(self, more):
        daemon = Daemon(http=f'[[http.callers]]\nname = "edge"\npath_secret_file = "segment"\n{more}')
        path = daemon.folder / "segment"
        path.write_text(self.SEGMENT + "\n")
        path.chmod(0o600)
        daemon.start()
        self.addCleanup(self._stop, daemon)
        self.file = certs.Authority(daemon.folder).issue("device-1")[0]
        certificate = x509.load_pem_x509_certificate(self.file.read_bytes())
        self.der = certificate.public_bytes(serialization.Encoding.DER)
        self.digest = hashlib.sha256(self.der).digest()
        self.token = tokens.good(cnf={"x5t#S256": base64.urlsafe_b64encode(self.digest).rstrip(b"=").decode()})
        return daemon

    def decision(self, daemon, *headers):
        body = {"username": "x", "clientid": "c", "password": self.token}
        return daemon.post_json(f"/k/{self.SEGMENT}/v1/decide", body, headers).json["reason"]

    def test_a_header_counts_where_settings_name_it_in_each_form_that_proxies_write(self):
        daemon = self.begin('certificate_header = "X-Client-Cert"\n')
        escaped = urllib.parse.quote(self.file.read_text(), safe="")
        for form in (escaped, base64.b64encode(self.der).decode(), f":{base64.b64encode(self.der).decode()}:", self.digest.hex()):
            with self.subTest(form[:30]):
                self.assertEqual(self.decision(daemon, f"x-client-cert: {form}"), "token_ok")
        self.assertEqual(self.decision(daemon), "binding_mismatch")
        self.assertEqual(self.decision(daemon, "x-client-cert: " + "00" * 32), "binding_mismatch")
        self.assertEqual(self.decision(daemon, "x-other: " + self.digest.hex()), "binding_mismatch")
        # Two of them: which one is the proxy's is anybody's guess.
        self.assertEqual(self.decision(daemon, "x-client-cert: " + self.digest.hex(), "x-client-cert: " + self.digest.hex()), "binding_mismatch")

    def test_without_the_setting_no_header_counts(self):
        daemon = self.begin("")
        self.assertEqual(self.decision(daemon, "x-client-cert: " + self.digest.hex()), "binding_mismatch")
