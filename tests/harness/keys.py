"""Key pairs, the key sets that providers make of them, and tokens signed with them."""

import base64
import json
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size=None) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


CURVES = {"ES256": (ec.SECP256R1, "P-256", 32), "ES384": (ec.SECP384R1, "P-384", 48), "ES512": (ec.SECP521R1, "P-521", 66)}
HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}


class Pair:
    """A key pair for one alg; `kid` may be None."""

    def __init__(self, kid="a", alg="ES256"):
        self.kid, self.alg = kid, alg
        if alg in CURVES:
            self.key = ec.generate_private_key(CURVES[alg][0]())
        elif alg == "EdDSA":
            self.key = ed25519.Ed25519PrivateKey.generate()
        else:
            self.key = rsa.generate_private_key(65537, 2048)

    def jwk(self, private=False, **members):
        """The public JWK; members given as None are left out."""
        public = self.key.public_key()
        if self.alg in CURVES:
            _, name, size = CURVES[self.alg]
            n = public.public_numbers()
            out = {"kty": "EC", "crv": name, "x": number(n.x, size), "y": number(n.y, size)}
            if private:
                out["d"] = number(self.key.private_numbers().private_value, size)
        elif self.alg == "EdDSA":
            raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            out = {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}
        else:
            n = public.public_numbers()
            out = {"kty": "RSA", "n": number(n.n), "e": number(n.e)}
        out.update({"use": "sig", "alg": self.alg, "kid": self.kid})
        out.update(members)
        return {name: value for name, value in out.items() if value is not None}

    def sign(self, data: bytes) -> bytes:
        if self.alg == "EdDSA":
            return self.key.sign(data)
        digest = HASHES[self.alg[2:]]()
        if self.alg in CURVES:
            size = CURVES[self.alg][2]
            r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(digest)))
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        if self.alg.startswith("PS"):
            return self.key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
        return self.key.sign(data, padding.PKCS1v15(), digest)

    def token(self, subject="device-1", header=None, **claims) -> str:
        head = {"alg": self.alg, "typ": "JWT"}
        if self.kid is not None:
            head["kid"] = self.kid
        head.update(header or {})
        body = {"sub": subject, "exp": int(time.time()) + 3600, **claims}
        text = b64(json.dumps(head).encode()) + "." + b64(json.dumps(body).encode())
        return text + "." + b64(self.sign(text.encode()))

    def pem(self) -> str:
        public = self.key.public_key()
        return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def key_set(*jwks) -> bytes:
    return json.dumps({"keys": [one.jwk() if isinstance(one, Pair) else one for one in jwks]}).encode()
