"""Key sets in the shapes in which identity providers publish them, made anew with keys of our own; and a real nginx."""

import base64
import datetime
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from harness import key_server as ks
from harness import machine
from harness.case import BrokerCase, raw_mqtt
from harness.keys import Pair, b64, key_set


def certificate(pair, signer=None) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "plant")])
    now = datetime.datetime.utcnow()
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(pair.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
    )
    return builder.sign((signer or pair).key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def x5(pair, **members):
    der = certificate(pair)
    return pair.jwk(
        x5c=[base64.b64encode(der).decode()],
        x5t=b64(hashlib.sha1(der).digest()),
        **{"x5t#S256": b64(hashlib.sha256(der).digest())},
        **members,
    )


def keycloak(signing, other):
    """RS256 for signatures beside RSA-OAEP for encryption, both with certificates."""
    return {"keys": [x5(other, use="enc", alg="RSA-OAEP"), x5(signing)]}


def auth0(signing, other):
    return {"keys": [x5(signing), x5(other)]}


def entra(signing, other):
    """No alg; x5t and kid are alike; an issuer member that no RFC has; kid is a thumbprint."""
    der = base64.b64encode(certificate(signing)).decode()
    one = signing.jwk(alg=None, x5t=signing.kid, x5c=[der], cloud_instance_name="login.example.com", issuer="https://login.example.com/{tenantid}/v2.0")
    return {"keys": [other.jwk(alg=None, x5t=other.kid, x5c=[base64.b64encode(certificate(other)).decode()]), one]}


def google(signing, other):
    one = signing.jwk()
    return {"keys": [dict(sorted(other.jwk().items())), dict(sorted(one.items()))]}


def okta(signing, other):
    return {"keys": [{"kty": "RSA", **signing.jwk()}]}


def cognito(signing, other):
    return {"keys": [dict(sorted(other.jwk().items())), dict(sorted(signing.jwk().items()))]}


def hydra(signing, other):
    """kid as hydra makes them, and the set of its OpenID keys."""
    return {"keys": [signing.jwk(kid=signing.kid)]}


def load_balancer(signing, other):
    """AWS's load balancers sign with ES256; members in any order, without use."""
    return {"keys": [signing.jwk(use=None)]}


def mixed(signing, other):
    return {"keys": [other.jwk(key_ops=["verify"], use=None), Pair("okp", "EdDSA").jwk(), Pair("p384", "ES384").jwk(), Pair("p521", "ES512").jwk(), signing.jwk()]}


def wrong_certificate(signing, other):
    """x5c that certifies another key: nobody can say which of the two is meant."""
    return {"keys": [signing.jwk(x5c=[base64.b64encode(certificate(other)).decode()]), other.jwk()]}


SHAPES = [
    # name, shape, alg, whether the signing key verifies
    ("keycloak", keycloak, "RS256", True),
    ("auth0", auth0, "RS256", True),
    ("entra", entra, "RS256", True),
    ("google", google, "RS256", True),
    ("okta", okta, "RS256", True),
    ("cognito", cognito, "RS256", True),
    ("hydra", hydra, "RS256", True),
    ("aws", load_balancer, "ES256", True),
    ("mixed", mixed, "PS256", True),
    ("mixed-eddsa", mixed, "EdDSA", True),
    ("wrong-certificate", wrong_certificate, "RS256", False),
]


class Shapes(BrokerCase):
    def test_documents_of_identity_providers_are_read_as_they_are_published(self):
        gate = self.gate("")
        certificates = ks.Certificates(gate.folder)
        way = ks.Way(certificates)
        self.addCleanup(way.stop)
        text = "[jwt]\n"
        pairs = {}
        other = Pair("other", "RS256")
        for name, shape, alg, _ in SHAPES:
            signing = Pair(f"{name}-1XbR_k3Q", alg)
            pairs[name] = signing
            way.documents[f"/{name}"] = json.dumps(shape(signing, other), indent=2).encode()
            url = way.url.replace("/jwks", f"/{name}")
            text += f'[[jwt.issuers]]\nname = "{name}"\nissuer = "https://{name}.example/"\naudience = "mqtt"\njwks_url = "{url}"\njwks_ca_file = "{certificates.file}"\n'
        gate.write(text)
        broker = self.broker(gate)
        self.eventually(lambda: all(s["attempts"] for s in gate.cli_json("keys", "list")["sources"]))
        time.sleep(0.2)
        for name, _, _, good in SHAPES:
            with self.subTest(name):
                with_kid = pairs[name].token(iss=f"https://{name}.example/", aud=["account", "mqtt"])
                code = raw_mqtt.connack(broker.port, client_id=name, username="x", password=with_kid)
                self.assertEqual(code == 0, good, name)
                pair, pairs[name].kid = pairs[name], None
                without = pair.token(iss=f"https://{name}.example/", aud="mqtt")
                code = raw_mqtt.connack(broker.port, client_id=name, username="x", password=without)
                self.assertEqual(code == 0, good, "a token without kid is tried against the keys that fit its alg")
        listed = gate.cli("keys", "list")
        self.assertIn("certifies another key", listed)
        self.assertRegex(listed, r"skipped: key 1 \(kid other\).*enc")


class Nginx(BrokerCase):
    def test_a_real_nginx_serves_a_set_over_tls_with_etag(self):
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not pathlib.Path(program).exists():
            self.skipTest("nginx is not installed")
        gate = self.gate("")
        certificates = ks.Certificates(gate.folder)
        folder = machine.temp_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        folder.chmod(0o755)
        site = folder / "site"
        site.mkdir()
        pair, second = Pair("a", "RS256"), Pair("b", "EdDSA")
        (site / "jwks.json").write_bytes(key_set(pair))
        port = machine.free_port()
        user = "user root;" if machine.IS_ROOT else ""
        (folder / "nginx.conf").write_text(
            f"""daemon off; {user} worker_processes 1; error_log {folder}/error.log; pid {folder}/pid;
events {{ worker_connections 64; }}
http {{
  access_log {folder}/access.log; gzip on; gzip_types application/json; types {{ application/json json; }}
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port} ssl; server_name localhost; ssl_certificate {certificates.good}; ssl_certificate_key {certificates.good};
    root {site}; location = /jwks.json {{ add_header Cache-Control "max-age=2"; }} location = /old.json {{ return 301 /jwks.json; }} }}
}}
"""
        )
        server = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")])
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        gate.write(
            f'[jwt]\njwks_url = "https://localhost:{port}/old.json"\njwks_ca_file = "{certificates.file}"\naudience = "mqtt"\njwks_cooldown = "1s"\n'
        )
        broker = self.broker(gate)
        code = lambda p: raw_mqtt.connack(broker.port, client_id="n", username="x", password=p.token(aud="mqtt"))
        self.eventually(lambda: code(pair) == 0, "nginx's keys")
        source = lambda: gate.cli_json("keys", "list")["sources"][0]
        self.eventually(lambda: source()["outcomes"].get("not_modified", 0) >= 1, "a 304, by its max-age", 10)
        self.assertRegex((folder / "access.log").read_text(), r'"GET /jwks.json HTTP/1.1" 304 ')
        done = gate.run("keys", "doctor", "--config", gate.file)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("with ETag", done.stdout)
        (site / "new.json").write_bytes(key_set(second))
        (site / "new.json").rename(site / "jwks.json")
        self.eventually(lambda: code(second) == 0, "nginx's new keys")
