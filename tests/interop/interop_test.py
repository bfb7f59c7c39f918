"""Tokens and keys go both ways between Sallyport and five other libraries, for every algorithm that each has."""

import base64
import functools
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from harness import machine, peers
from harness.keys import b64, number

TYPES = {
    **{f"HS{n}": f"hs{n}" for n in (256, 384, 512)},
    **{f"{family}{n}": "rsa2048" for family in ("RS", "PS") for n in (256, 384, 512)},
    **{f"ES{n}": f"es{n}" for n in (256, 384, 512)},
    "EdDSA": "ed25519", "Ed25519": "ed25519", "EdDSA/Ed448": "ed448", "Ed448": "ed448",
}  # fmt: skip
CURVES = {"ES256": (ec.SECP256R1, "P-256", 32), "ES384": (ec.SECP384R1, "P-384", 48), "ES512": (ec.SECP521R1, "P-521", 66)}
folder = None


def setUpModule():
    global folder
    folder = pathlib.Path(tempfile.mkdtemp(prefix="sp-interop-"))


def tearDownModule():
    shutil.rmtree(folder, True)


def name_of(alg):
    return alg.split("/")[0]


def ours(*words, stdin="", code=0) -> str:
    done = subprocess.run([str(machine.SALLYPORT), *map(str, words)], input=stdin, capture_output=True, text=True, timeout=120)
    if done.returncode not in (code if isinstance(code, tuple) else (code,)):
        raise AssertionError(f"sallyport {' '.join(map(str, words))} ended with {done.returncode}\n{done.stdout[-800:]}{done.stderr[-800:]}")
    return done.stdout


def verify(requests):
    """Our reasons for (token, keys) pairs."""
    lines = "".join(json.dumps({"id": i, "token": token, "keys": keys}) + "\n" for i, (token, keys) in enumerate(requests))
    return [json.loads(line)["reason"] for line in ours("jws", "verify", "--batch", "-", stdin=lines).splitlines()]


def forged(token):
    """The same token with one bit of its signature's first byte changed; still strict base64url."""
    head, payload, signature = token.split(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
    raw[0] ^= 1
    return ".".join((head, payload, b64(bytes(raw))))


@functools.cache
def rsa_key():
    return rsa.generate_private_key(65537, 2048)


@functools.cache
def mkjwk(alg):
    """(private JWK, public JWK, PKCS#8) as mkjwk lays them out: p, kty, q, d, e, use, kid, qi, dp, alg, dq, n and so on."""
    kid = f"sig-2026-{alg.replace('/', '-')}"
    name, pem = name_of(alg), ""
    if name.startswith("HS"):
        private = {"kty": "oct", "use": "sig", "kid": kid, "k": b64(os.urandom(int(name[2:]) // 8)), "alg": name}
        return private, private, pem
    if name in CURVES:
        curve, crv, size = CURVES[name]
        key = ec.generate_private_key(curve())
        n = key.private_numbers()
        x, y = (number(v, size) for v in (n.public_numbers.x, n.public_numbers.y))
        private = {"kty": "EC", "d": number(n.private_value, size), "use": "sig", "crv": crv, "kid": kid, "x": x, "y": y, "alg": name}
    elif name.startswith("Ed"):
        goldilocks = alg.endswith("Ed448")
        key = (ed448.Ed448PrivateKey if goldilocks else ed25519.Ed25519PrivateKey).generate()
        raw = key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
        x = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        private = {"kty": "OKP", "d": b64(raw), "use": "sig", "crv": "Ed448" if goldilocks else "Ed25519", "kid": kid, "x": b64(x), "alg": name}
    else:
        key = rsa_key()
        n = key.private_numbers()
        private = {"p": number(n.p), "kty": "RSA", "q": number(n.q), "d": number(n.d), "e": number(n.public_numbers.e), "use": "sig", "kid": kid,
                   "qi": number(n.iqmp), "dp": number(n.dmp1), "alg": name, "dq": number(n.dmq1), "n": number(n.public_numbers.n)}  # fmt: skip
    public = {member: value for member, value in private.items() if member not in ("p", "q", "d", "qi", "dp", "dq")}
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return private, public, pem


@functools.cache
def generated(alg):
    """(folder of `sallyport key generate`, keys to verify with)"""
    at = folder / f"ours-{alg.replace('/', '-')}"
    ours("key", "generate", "--type", TYPES[alg], "--alg", name_of(alg), "--out", at)
    return at, json.loads((at / ("key.jwk.json" if alg.startswith("HS") else "key.jwks.json")).read_text())


@functools.cache
def issued(alg):
    at, _ = generated(alg)
    return ours("token", "issue", "--key-file", at / "key.jwk.json", "--claim", "username=device-1", "--claim", "level:=3", "--ttl", "1h").strip()


def asymmetric(algs):
    return [alg for alg in algs if not alg.startswith("HS")]


def whole_set(algs):
    return {"keys": [mkjwk(alg)[1] for alg in asymmetric(algs)]}


class WithEachLibrary:
    """The tests that each library goes through; the classes below name one."""

    library = ""

    def setUp(self):
        try:
            self.peer = peers.peer(self.library)
        except peers.Missing as why:
            self.skipTest(f"{self.library} cannot be had here: {why}")
        self.algs = self.peer.algorithms

    def signed(self, kid=True):
        claims = {"username": "device-1", "exp": int(time.time()) + 3600, "unicode": "Zürich ☂"}
        requests = [
            {"op": "sign", "id": alg, "alg": name_of(alg), "key": private, "pem": pem, "claims": claims, **({"kid": private["kid"]} if kid else {})}
            for alg in self.algs
            for private, _, pem in [mkjwk(alg)]
        ]
        tokens = {}
        for answer in self.peer.ask(requests):
            self.assertIn("token", answer, f"{self.library} {self.peer.version} signs no {answer['id']}: {answer.get('error')}")
            tokens[answer["id"]] = answer["token"]
        return tokens

    def test_its_tokens_are_accepted_and_their_forgeries_are_not(self):
        print(f"        | with {self.library} {self.peer.version}: {' '.join(self.algs)}", flush=True)
        for kid in (True, False):
            tokens = self.signed(kid)
            keys = {alg: mkjwk(alg)[1] if alg.startswith("HS") else whole_set(self.algs) for alg in tokens}
            self.assertEqual(dict(zip(tokens, verify([(token, keys[alg]) for alg, token in tokens.items()]))), dict.fromkeys(tokens, "token_ok"))
            self.assertEqual(
                dict(zip(tokens, verify([(forged(token), keys[alg]) for alg, token in tokens.items()]))), dict.fromkeys(tokens, "bad_signature")
            )

    def test_the_gate_lets_its_tokens_in_and_keeps_their_forgeries_out(self):
        tokens = self.signed()
        at = pathlib.Path(tempfile.mkdtemp(dir=folder))
        (at / "keys.json").write_text(json.dumps(whole_set(self.algs)))
        rules = 'claims = { username = "%u" }\nrequire_exp = true\n'
        settings = {"": f'[jwt]\n{rules}public_key_file = "{at}/keys.json"\n'}
        for alg in tokens:
            if alg.startswith("HS"):
                settings[alg] = f'[jwt]\n{rules}secret_base64 = "{mkjwk(alg)[0]["k"]}"\n'
        for own, text in settings.items():
            (at / "sallyport.toml").write_text(text)
            mine = [token for alg, token in tokens.items() if (alg if alg.startswith("HS") else "") == own]
            attempts = [(user, token) for token in mine for user, token in (("device-1", token), ("device-2", token), ("device-1", forged(token)))]
            lines = "".join(json.dumps({"id": i, "username": user, "clientid": "c", "password": token}) + "\n" for i, (user, token) in enumerate(attempts))
            got = [json.loads(line) for line in ours("decide", "--config", at / "sallyport.toml", "--batch", "-", stdin=lines, code=(0, 1)).splitlines()]
            expected = [("allow", "token_ok"), ("deny", "claim_mismatch"), ("deny", "bad_signature")] * len(mine)
            self.assertEqual([(one["verdict"], one["reason"]) for one in got], expected)

    def test_it_accepts_our_tokens_under_our_keys_and_not_their_forgeries(self):
        tokens = {alg: issued(alg) for alg in self.algs}
        for token_of, expected in ((lambda t: t, True), (forged, False)):
            answers = self.peer.ask([{"op": "verify", "id": alg, "token": token_of(token), "keys": generated(alg)[1]} for alg, token in tokens.items()])
            for answer in answers:
                self.assertEqual(answer["valid"], expected, f"{self.library} on {answer['id']}: {answer['why']}")

    def test_it_accepts_what_we_sign_with_a_private_key_of_mkjwk(self):
        requests = []
        for alg in self.algs:
            private, public, _ = mkjwk(alg)
            file = folder / f"mkjwk-{alg.replace('/', '-')}.json"
            file.write_text(json.dumps({"keys": [private]}, indent=4))
            token = ours("token", "issue", "--key-file", file, "--subject", "device-1", "--ttl", "1h").strip()
            keys = public if alg.startswith("HS") else whole_set(self.algs)
            requests.append({"op": "verify", "id": alg, "token": token, "keys": keys})
        for answer in self.peer.ask(requests):
            self.assertTrue(answer["valid"], f"{self.library} on {answer['id']}: {answer['why']}")


for _library in peers.LIBRARIES:
    _name = "With_" + _library.replace("-", "_")
    globals()[_name] = type(_name, (WithEachLibrary, unittest.TestCase), {"library": _library, "__module__": __name__})
    for _method in [name for name in vars(WithEachLibrary) if name.startswith("test_")]:

        def _test(self, _method=_method):
            getattr(WithEachLibrary, _method)(self)

        _test.sentence = f"{_library}: {_method.removeprefix('test_').replace('_', ' ')}"
        setattr(globals()[_name], _method, _test)


class Shapes(unittest.TestCase):
    def test_every_algorithm_that_we_sign_we_verify_under_the_key_set_that_we_publish(self):
        self.assertEqual(verify([(issued(alg), generated(alg)[1]) for alg in TYPES]), ["token_ok"] * len(TYPES))

    def test_a_set_of_mkjwk_with_the_private_halves_in_it_verifies_nothing(self):
        private, public, _ = mkjwk("ES256")
        file = folder / "mkjwk-pair.json"
        file.write_text(json.dumps({"keys": [private]}))
        token = ours("token", "issue", "--key-file", file, "--subject", "x", "--ttl", "1h").strip()
        self.assertEqual(verify([(token, {"keys": [public]}), (token, public), (token, {"keys": [private]})]), ["token_ok", "token_ok", "no_key_for_algorithm"])
        settings = folder / "private.toml"
        settings.write_text(f'[jwt]\npublic_key_file = "{file}"\n')
        self.assertIn("private members", ours("config", "check", settings, "--json", code=(1, 2, 3)))

    def test_tokens_of_jwt_io_verify_and_their_published_keys_admit_from_loopback_alone(self):
        for key, token in JWT_IO.items():
            settings = folder / "jwt-io.toml"
            place = "public_key" if key.startswith("-----") else "secret"
            settings.write_text(f"[jwt]\n{place} = '''{key}'''\n")
            lines = "".join(json.dumps({"clientid": "c", "username": "u", "password": p, "peer": peer}) + "\n" for p, peer in
                            ((token, "127.0.0.1"), (token, "192.0.2.7"), (forged(token), "127.0.0.1")))  # fmt: skip
            got = [json.loads(line) for line in ours("decide", "--config", settings, "--batch", "-", stdin=lines, code=(0, 1)).splitlines()]
            self.assertEqual([(one["verdict"], one["reason"]) for one in got], [("allow", "token_ok"), ("deny", "published_secret"), ("deny", "bad_signature")])


# Its first pages' tokens, now and before, with the keys printed beside them.
JWT_IO = {
    "a-string-secret-at-least-256-bits-long": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiYWRtaW4iOnRydWUsImlhdCI6MTUxNjIzOTAyMn0.KMUFsIDTnFmyG3nMiGM6H9FNFUROf3wh7SmqJp-QV30",
    "your-256-bit-secret": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
    """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo
4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0/IzW7yWR7QkrmBL7jTKEn5u
+qKhbwKfBstIs+bMY2Zkp18gnTxKLxoS2tFczGkPLPgizskuemMghRniWaoLcyeh
kd3qqGElvW/VDL5AaWTg0nLVkjRo9z+40RQzuVaE8AkAFmxZzow3x+VJYKdjykkJ
0iT9wCS0DRTXu269V264Vf/3jvredZiKRkgwlL9xNAwxXFg0x/XFw005UWVRIkdg
cKWTjpBP2dPwVZ4WWC+9aGVd+Gyn1o0CLelf4rEjGoXbAAEgAqeGUxrcIlbjXfbc
mwIDAQAB
-----END PUBLIC KEY-----
""": "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiYWRtaW4iOnRydWUsImlhdCI6MTUxNjIzOTAyMn0.NHVaYe26MbtOYhSKkoKYdFVomg4i8ZJd8_-RU8VNbftc4TSMb4bXP3l3YlNWACwyXPGffz5aXHc6lty1Y2t4SWRqGteragsVdZufDn5BlnJl9pdR_kdVFUsra2rWKEofkZeIC4yWytE58sMIihvo9H1ScmmVwBcQP6XETqYd0aSHp1gOa9RdUPDvoXQ5oqygTqVtxaDr6wUFKrKItgBMzWIdNZ6y7O9E0DhEPTbE9rfBo6KTFsHAZnMg4k68CDp2woYIaXbmYTWcvbzIuHO7_37GT79XdIwkm95QJ7hYC9RiwrV7mesbY4PAahERJawntho0my942XheVLmGwLMBkQ",
}  # fmt: skip


if __name__ == "__main__":
    unittest.main()
