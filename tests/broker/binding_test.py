"""Tokens bound to a TLS client certificate (RFC 8705), in a real broker."""

import base64
import hashlib

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from harness import raw_mqtt, tokens
from harness.case import V5, V311, VERSIONS, BrokerCase, Listener
from harness.gate import SECRET


def thumbprint(file):
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    digest = hashlib.sha256(certificate.public_bytes(serialization.Encoding.DER)).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Binding(BrokerCase):
    def begin(self, more=""):
        gate = self.gate(f"[jwt]\n{more}{SECRET}\n")
        broker = self.broker(gate, listeners=[Listener("tls", require_certificate=True), Listener("tcp")])
        self.own = broker.authority.issue("device-1")
        self.other = broker.authority.issue("device-2")
        return gate, broker

    def code_of(self, broker, certificate, token, version=V311):
        """By TLS with this certificate; None: by plain TCP."""
        port = broker.port_of("tls" if certificate else "tcp")
        tls = broker.tls_context(certificate) if certificate else None
        client = raw_mqtt.Client(port, version, tls=tls)
        self.addCleanup(client.close)
        return client.connect(client_id="c-1", username="x", password=token)

    def test_a_bound_token_is_good_with_its_certificate_alone(self):
        gate, broker = self.begin()
        token = tokens.good(cnf={"x5t#S256": thumbprint(self.own[0])})
        for version in VERSIONS:
            with self.subTest(version):
                self.assertEqual(self.code_of(broker, self.own, token, version), 0, broker.log()[-1500:])
                self.assertNotEqual(self.code_of(broker, self.other, token, version), 0)
                self.assertEqual(gate.last_reason(), "binding_mismatch")
                self.assertNotEqual(self.code_of(broker, None, token, version), 0)
                self.assertEqual(gate.last_reason(), "binding_mismatch")
        unbound = tokens.good()
        self.assertEqual(self.code_of(broker, self.other, unbound), 0)
        self.assertEqual(self.code_of(broker, None, unbound), 0)

    def test_another_member_of_cnf_refuses(self):
        gate, broker = self.begin()
        own = thumbprint(self.own[0])
        for cnf, reason in (({"jkt": own}, "unsupported_binding"), ({"x5t#S256": own, "jkt": own}, "unsupported_binding"),
                            ({}, "malformed_claim"), ({"x5t#s256": own}, "unsupported_binding")):  # fmt: skip
            with self.subTest(cnf):
                self.assertNotEqual(self.code_of(broker, self.own, tokens.good(cnf=cnf)), 0)
                self.assertEqual(gate.last_reason(), reason)

    def test_require_binding_refuses_the_unbound(self):
        gate, broker = self.begin("require_binding = true\n")
        self.assertNotEqual(self.code_of(broker, self.own, tokens.good()), 0)
        self.assertEqual(gate.last_reason(), "binding_required")
        self.assertEqual(self.code_of(broker, self.own, tokens.good(cnf={"x5t#S256": thumbprint(self.own[0])})), 0)

    def test_a_renewal_is_held_to_the_connections_certificate(self):
        gate, broker = self.begin()
        own, other = thumbprint(self.own[0]), thumbprint(self.other[0])
        client = raw_mqtt.Client(broker.port_of("tls"), V5, tls=broker.tls_context(self.own))
        self.addCleanup(client.close)
        self.assertEqual(client.connect(client_id="c-1", username="x", password=tokens.good(cnf={"x5t#S256": own})), 0)
        for token, result in ((tokens.good(cnf={"x5t#S256": other}), "refused"), (tokens.good(cnf={"x5t#S256": own}), "renewed")):
            client.publish("$CONTROL/sallyport/v1/renew", token.encode())
            self.assertIn(f'"result":"{result}"', str(client.message()[1]))
