"""Random tokens and key sets, each with the names of what was done to it.

The choices come from one seed; keys and ECDSA's randomness are new in each run, so a case that matters is printed whole.
"""

import base64
import hashlib
import hmac
import json
import os
import random

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa, utils

HASHES = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
CURVES = {"P-256": (ec.SECP256R1, 32, "ES256"), "P-384": (ec.SECP384R1, 48, "ES384"), "P-521": (ec.SECP521R1, 66, "ES512")}
ORDERS = {
    "P-256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "P-384": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    "P-521": 0x1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
}
L = 2**252 + 27742317777372353535851937790883648493
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(value, size=None) -> str:
    return b64(value.to_bytes(size or max(1, (value.bit_length() + 7) // 8), "big"))


class Key:
    def __init__(self, kind):
        self.kind = kind
        if kind.startswith("oct"):
            self.secret = os.urandom(int(kind[3:]))
            self.jwk = {"kty": "oct", "k": b64(self.secret)}
            self.private = self.jwk
            self.algs = ["HS256", "HS384", "HS512"]
        elif kind.startswith("rsa"):
            self.key = rsa.generate_private_key(65537, int(kind[3:]))
            n = self.key.private_numbers()
            self.jwk = {"kty": "RSA", "n": number(n.public_numbers.n), "e": number(n.public_numbers.e)}
            self.private = {**self.jwk, "d": number(n.d), "p": number(n.p), "q": number(n.q), "dp": number(n.dmp1), "dq": number(n.dmq1), "qi": number(n.iqmp)}
            self.algs = [f"{family}{size}" for family in ("RS", "PS") for size in (256, 384, 512)]
        elif kind in CURVES:
            curve, size, alg = CURVES[kind]
            self.key = ec.generate_private_key(curve())
            n = self.key.private_numbers()
            self.jwk = {"kty": "EC", "crv": kind, "x": number(n.public_numbers.x, size), "y": number(n.public_numbers.y, size)}
            self.private = {**self.jwk, "d": number(n.private_value, size)}
            self.algs = [alg]
        else:
            self.key = (ed448.Ed448PrivateKey if kind == "Ed448" else ed25519.Ed25519PrivateKey).generate()
            raw = (serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
            x = self.key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            self.jwk = {"kty": "OKP", "crv": kind, "x": b64(x)}
            self.private = {**self.jwk, "d": b64(self.key.private_bytes(*raw))}
            self.algs = ["EdDSA", kind]

    def pem(self) -> bytes:
        if self.kind.startswith("oct"):
            return b"no key"
        return self.key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def sign(self, alg, data: bytes) -> bytes:
        """The signature that `alg` wants, as far as this key can make one."""
        if self.kind.startswith("oct"):
            return hmac.new(self.secret, data, getattr(hashlib, "sha" + (alg[2:] if alg[2:] in HASHES else "256"))).digest()
        digest = HASHES.get(alg[2:], hashes.SHA256)()
        if self.kind.startswith("rsa"):
            if alg.startswith("PS"):
                return self.key.sign(data, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
            return self.key.sign(data, padding.PKCS1v15(), digest)
        if self.kind in CURVES:
            r, s = utils.decode_dss_signature(self.key.sign(data, ec.ECDSA(digest)))
            size = CURVES[self.kind][1]
            return r.to_bytes(size, "big") + s.to_bytes(size, "big")
        return self.key.sign(data)


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)
        kinds = ["oct32", "oct64", "oct64", "rsa2048", "rsa2048", "P-256", "P-256", "P-384", "P-521", "Ed25519", "Ed25519", "Ed448"]
        self.keys = [Key(kind) for kind in kinds]
        self.weak = [Key("oct16"), Key("rsa1024")]

    def case(self):
        """(token, keys, what a library must be able to do, names of what was done)"""
        r, done = self.random, []
        key = r.choice(self.keys)
        alg = r.choice(key.algs)
        if key.kind.startswith("oct") and len(key.secret) * 8 < int(alg[2:]):
            done.append("secret shorter than its hash")
        jwk = dict(key.jwk)
        if r.random() < 0.6:
            jwk["kid"] = r.choice(["a", "b", "2026-11", "ü", "key/../1"])
        if r.random() < 0.5:
            jwk["alg"] = alg
        if r.random() < 0.5:
            jwk["use"] = "sig"
        header = {"alg": alg, "typ": "JWT"}
        if r.random() < 0.2:
            del header["typ"]
        if "kid" in jwk and r.random() < 0.7:
            header["kid"] = jwk["kid"]
        payload = {"sub": r.choice(["pump-7", "ü", ""]), "exp": r.choice([0, 1, 1900000000, 2**40])}
        plan = r.choices(["", "header", "payload", "signature", "text", "key", "set", "twice"], [12, 14, 10, 16, 16, 16, 10, 8])[0]
        steps = [plan] if plan != "twice" else r.sample(["header", "payload", "signature", "text", "key", "set"], 2)

        head = json.dumps(header).encode()
        if "header" in steps:
            head = self.header(header, jwk, done)
        body = json.dumps(payload).encode()
        if "payload" in steps:
            body = self.payload(payload, done)
        signing = b64(head) + "." + b64(body)
        text_step = None
        if "text" in steps:
            text_step, signing = self.before_signing(head, body, signing, done)
        signature = key.sign(alg, signing.encode())
        if "signature" in steps:
            signature = self.signature(key, alg, signing.encode(), signature, done)
        token = signing + "." + b64(signature)
        if text_step == "after":
            token = self.text(token, done)
        if "key" in steps:
            jwk = self.key(key, jwk, done)
        keys = jwk if r.random() < 0.3 else {"keys": [jwk]}
        if "set" in steps:
            keys = self.set(key, jwk, done)
        return token, keys, "EdDSA/Ed448" if (alg, key.kind) == ("EdDSA", "Ed448") else alg, done

    def named(self, done, family, choices):
        name = self.random.choice(list(choices))
        done.append(f"{family}: {name}")
        return choices[name]

    def header(self, header, jwk, done):
        r = self.random
        plain = json.dumps(header)[1:-1]
        other = r.choice([alg for alg in ("HS256", "RS256", "ES256", "EdDSA", "PS384") if alg != header["alg"]])
        return self.named(done, "header", {
            "alg none": lambda: json.dumps({**header, "alg": r.choice(["none", "None", "nOnE", "NONE", ""])}).encode(),
            "alg of another kind": lambda: json.dumps({**header, "alg": other}).encode(),
            "alg unknown": lambda: json.dumps({**header, "alg": r.choice(["HS1", "ES256K", "hs256", "RS256 ", "dir", "A256KW"])}).encode(),
            "alg no text": lambda: json.dumps({**header, "alg": r.choice([None, 256, ["HS256"], {"a": 1}, True])}).encode(),
            "no alg": lambda: json.dumps({"typ": "JWT"}).encode(),
            "alg twice": lambda: (json.dumps({"alg": other})[:-1] + ", " + plain + "}").encode(),
            "alg twice, other last": lambda: ("{" + plain + ', "alg": ' + json.dumps(other) + "}").encode(),
            "a member twice": lambda: ("{" + plain + ', "x": 1, "x": 2}').encode(),
            "alg escaped": lambda: ("{" + plain.replace('"alg"', '"\\u0061lg"') + "}").encode(),
            "crit": lambda: json.dumps({**header, "crit": ["exp"], "exp": 1}).encode(),
            "crit unknown": lambda: json.dumps({**header, "crit": ["http://example.com/x"], "http://example.com/x": 1}).encode(),
            "crit empty": lambda: json.dumps({**header, "crit": r.choice([[], None, "exp", {}])}).encode(),
            "b64 true": lambda: json.dumps({**header, "crit": ["b64"], "b64": True}).encode(),
            "b64 without crit": lambda: json.dumps({**header, "b64": r.choice([True, False])}).encode(),
            "kid of another key": lambda: json.dumps({**header, "kid": "nobody"}).encode(),
            "kid no text": lambda: json.dumps({**header, "kid": r.choice([1, None, ["a"], True])}).encode(),
            "kid of 2000 bytes": lambda: json.dumps({**header, "kid": "k" * 2000}).encode(),
            "typ no text": lambda: json.dumps({**header, "typ": r.choice([1, None, ["JWT"]])}).encode(),
            "typ of another kind": lambda: json.dumps({**header, "typ": r.choice(["at+jwt", "dpop+jwt", "x"])}).encode(),
            "brings a key": lambda: json.dumps({**header, "jwk": self.random.choice(self.keys).jwk}).encode(),
            "brings addresses": lambda: json.dumps({**header, "jku": "https://example.com/k", "x5u": "https://example.com/x"}).encode(),
            "x5c no list": lambda: json.dumps({**header, "x5c": "AA", "x5t": 1}).encode(),
            "zip": lambda: json.dumps({**header, "zip": "DEF"}).encode(),
            "cty and enc": lambda: json.dumps({**header, "cty": "JWT", "enc": "A256GCM"}).encode(),
            "white space": lambda: b" \n" + json.dumps(header, indent=2).encode() + b"\t ",
            "byte-order mark": lambda: b"\xef\xbb\xbf" + json.dumps(header).encode(),
            "broken UTF-8": lambda: json.dumps({**header, "x": "@"}).encode().replace(b"@", b"\xff"),
            "lone surrogate": lambda: json.dumps({**header, "x": "@"}).encode().replace(b"@", b"\\ud800"),
            "NUL in a text": lambda: json.dumps({**header, "x": "a\0b"}).encode(),
            "raw control character": lambda: json.dumps({**header, "x": "@"}).encode().replace(b"@", b"\x01"),
            "trailing comma": lambda: ("{" + plain + ",}").encode(),
            "text behind": lambda: json.dumps(header).encode() + b"x",
            "NaN": lambda: ("{" + plain + ', "x": NaN}').encode(),
            "a number of 400 digits": lambda: ("{" + plain + ', "x": ' + "9" * 400 + "}").encode(),
            "leading zero": lambda: ("{" + plain + ', "x": 01}').encode(),
            "no object": lambda: r.choice([b"[]", b"null", b'"x"', b"1", b""]),
            "nested 20 deep": lambda: ("{" + plain + ', "x": ' + "[" * 20 + "]" * 20 + "}").encode(),
            "10 KiB": lambda: json.dumps({**header, "x": "x" * 10240}).encode(),
        })()  # fmt: skip

    def payload(self, payload, done):
        r = self.random
        plain = json.dumps(payload)[1:-1]
        return self.named(done, "payload", {
            "no object": lambda: r.choice([b"[]", b"null", b'"x"', b"1", b"true"]),
            "no JSON": lambda: r.choice([b"hello", b"{", b"\x00\x01", b"{'a':1}"]),
            "empty": lambda: b"",
            "a member twice": lambda: ("{" + plain + ', "sub": "root"}').encode(),
            "broken UTF-8": lambda: b'{"sub": "\xff"}',
            "lone surrogate": lambda: b'{"sub": "\\ud800"}',
            "byte-order mark": lambda: b"\xef\xbb\xbf{}",
            "times no numbers": lambda: json.dumps({"exp": r.choice(["1900000000", None, [], {}, True]), "nbf": "x", "iat": []}).encode(),
            "times beyond": lambda: b'{"exp": 1e400, "nbf": -1, "iat": 99999999999999999999}',
            "aud and iss odd": lambda: json.dumps({"aud": r.choice([1, {}, [1]]), "iss": 7, "sub": ["x"], "jti": 1}).encode(),
            "names that code owns": lambda: b'{"__proto__": {"admin": true}, "constructor": 1, "toString": null}',
            "nested 60 deep": lambda: b'{"a":' + b"[" * 60 + b"]" * 60 + b"}",
            "40 KiB": lambda: json.dumps({"a": "x" * 40000}).encode(),
            "NaN": lambda: b'{"exp": NaN}',
            "text behind": lambda: b"{}{}",
        })()  # fmt: skip

    def before_signing(self, head, body, signing, done):
        """Odd spellings that the signature covers; or "after": the token is changed when it is whole."""
        r = self.random
        if r.random() < 0.6:
            return "after", signing
        h, p = signing.split(".")
        where = r.choice(["header", "payload"])
        part = h if where == "header" else p
        kind = r.choice(["padded", "white space", "alphabet", "stray bits", "one character more"])
        if kind == "padded":
            part += "=" * (-len(part) % 4 or 1)
        elif kind == "white space":
            at = r.randrange(len(part) + 1)
            part = part[:at] + r.choice([" ", "\n", "\r\n", "\t"]) + part[at:]
        elif kind == "alphabet":
            if where == "header":
                part = base64.b64encode(head.replace(b"}", b', "x": "~~~???>>>"}')).decode().rstrip("=")
            else:
                part = base64.b64encode(b'{"sub": "~~~???>>>", "a": "\xc3\xbf\xc3\xbf\xc3\xbf"}').decode().rstrip("=")
        elif kind == "stray bits":
            if len(part) % 4 == 0:
                part = b64((head if where == "header" else body) + b" ")
            if len(part) % 4 == 0:
                part = b64((head if where == "header" else body) + b"  ")
            part = part[:-1] + ALPHABET[ALPHABET.index(part[-1]) + 1]
        else:
            part += "A"
            if len(part) % 4 != 1:
                kind = "bytes behind"
        done.append(f"signed text: {where} {kind}")
        return "before", (part + "." + p) if where == "header" else (h + "." + part)

    def text(self, token, done):
        r = self.random
        h, p, s = token.split(".")
        stray = s[:-1] + ALPHABET[(ALPHABET.index(s[-1]) + 1) % 64] if len(s) % 4 else None
        at = r.randrange(len(token))
        return self.named(done, "text", {
            "one character changed": lambda: token[:at] + r.choice(ALPHABET.replace(token[at], "")) + token[at + 1:] if token[at] != "." else h + "." + p + "." + s[1:],
            "any byte changed": lambda: token[:at] + r.choice("\x00\x01 +/=.~é") + token[at + 1:],
            "one character gone": lambda: token[:at] + token[at + 1:],
            "one character more": lambda: token[:at] + r.choice(ALPHABET) + token[at:],
            "signature padded": lambda: token + "=" * (-len(s) % 4 or 1),
            "signature stray bits": lambda: f"{h}.{p}.{stray}" if stray else f"{h}.{p}.{s}A",
            "signature in the other alphabet": lambda: f"{h}.{p}.{s.replace('-', '+').replace('_', '/')}" if set("-_") & set(s) else f"{h}.{p}.{s}+",
            "signature with white space": lambda: f"{h}.{p}.{s[:20]}\n{s[20:]}",
            "no signature": lambda: f"{h}.{p}.",
            "two parts": lambda: f"{h}.{p}",
            "four parts": lambda: f"{token}.{s}",
            "five parts": lambda: f"{h}..{p}.{s}.{s}",
            "an empty part": lambda: f"{h}..{p}.{s}",
            "white space around": lambda: r.choice([" ", "\n", "\t"]) + token if r.random() < 0.5 else token + r.choice([" ", "\n", "\r\n"]),
            "NUL and more behind": lambda: token + "\0more",
            "Bearer before": lambda: "Bearer " + token,
            "parts swapped": lambda: f"{p}.{h}.{s}",
            "payload of another": lambda: f"{h}.{b64(b'{}')}.{s}",
            "nothing": lambda: r.choice(["", ".", "..", "...", "hunter2", "a.b.c"]),
            "the JSON form": lambda: json.dumps({"protected": h, "payload": p, "signature": s}),
        })()  # fmt: skip

    def signature(self, key, alg, signing, good, done):
        r = self.random
        other = r.choice([one for one in self.keys if one is not key])

        def by_another():
            if alg.startswith("HS") and other.kind == "oct32" and alg != "HS256":
                done.append("secret shorter than its hash")
            return other.sign(alg, signing)

        choices = {
            "by another key": by_another,
            "of zeros": lambda: bytes(len(good)),
            "of ones": lambda: b"\xff" * len(good),
            "random": lambda: bytes(r.randrange(256) for _ in good),
            "a byte less": lambda: good[:-1],
            "a byte more": lambda: good + b"\0",
            "a zero before": lambda: b"\0" + good,
            "empty": lambda: b"",
            "HMAC by the public key": lambda: hmac.new(key.pem(), signing, "sha256").digest(),
            "2 KiB": lambda: good + bytes(2048),
            "one bit": lambda: bytes([good[0] ^ 1]) + good[1:],
        }
        if key.kind in CURVES:
            size, order = CURVES[key.kind][1], ORDERS[key.kind]
            one, two = int.from_bytes(good[:size], "big"), int.from_bytes(good[size:], "big")

            def pair(a, b, size=size):
                return (a % 256**size).to_bytes(size, "big") + (b % 256**size).to_bytes(size, "big")

            choices.update({
                "in DER": lambda: utils.encode_dss_signature(one, two),
                "n - s": lambda: pair(one, order - two),
                "halves swapped": lambda: pair(two, one),
                "r of zero": lambda: pair(0, two),
                "s of zero": lambda: pair(one, 0),
                "s + n": lambda: pair(one, two + order),
                "halves with a zero before": lambda: pair(one, two, size + 1),
            })  # fmt: skip
        if key.kind.startswith("rsa"):
            n = key.key.public_key().public_numbers().n
            value = int.from_bytes(good, "big")
            choices["s + n"] = lambda: ((value + n) % 256**257).to_bytes(257, "big")
            choices["of the other padding"] = lambda: key.sign(("RS" if alg.startswith("PS") else "PS") + alg[2:], signing)
            choices["of another hash"] = lambda: key.sign(alg[:2] + ("384" if alg[2:] == "256" else "256"), signing)
            if alg.startswith("PS"):
                digest = HASHES[alg[2:]]()
                choices["with another salt length"] = lambda: key.key.sign(signing, padding.PSS(padding.MGF1(digest), 20), digest)
                choices["with another mask hash"] = lambda: key.key.sign(signing, padding.PSS(padding.MGF1(hashes.SHA1()), digest.digest_size), digest)
        if key.kind == "Ed25519":
            choices["S + L"] = lambda: good[:32] + ((int.from_bytes(good[32:], "little") + L) % 2**256).to_bytes(32, "little")
        if key.kind.startswith("oct"):
            choices["half of the MAC"] = lambda: good[: len(good) // 2]
            choices["of another hash"] = lambda: key.sign("HS256" if alg != "HS256" else "HS384", signing)
            choices["by the empty secret"] = lambda: hmac.new(b"", signing, "sha256").digest()
        return self.named(done, "signature", choices)()

    def key(self, key, jwk, done):
        r = self.random
        other_alg = r.choice([alg for alg in ("HS256", "RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA") if alg != jwk.get("alg")])
        main = {"oct": "k", "RSA": "n"}.get(jwk["kty"], "x")
        raw = unb64(jwk[main])
        choices = {
            "alg of another": lambda: {**jwk, "alg": other_alg},
            "alg for encryption": lambda: {**jwk, "alg": r.choice(["RSA-OAEP", "ECDH-ES", "A256KW", "dir"])},
            "alg no text": lambda: {**jwk, "alg": r.choice([None, 1, []])},
            "use enc": lambda: {**jwk, "use": "enc"},
            "use odd": lambda: {**jwk, "use": r.choice(["", "SIG", None, 1])},
            "key_ops verify": lambda: {**jwk, "key_ops": ["verify"]},
            "key_ops without verify": lambda: {**jwk, "key_ops": r.choice([["sign"], ["encrypt"], ["deriveKey"], []])},
            "key_ops odd": lambda: {**jwk, "key_ops": r.choice(["verify", [1], ["verify", "verify"], None])},
            "kid no text": lambda: {**jwk, "kid": r.choice([1, None, []])},
            "kid of 2000 bytes": lambda: {**jwk, "kid": "k" * 2000},
            "kty in other letters": lambda: {**jwk, "kty": jwk["kty"].swapcase()},
            "no kty": lambda: {name: value for name, value in jwk.items() if name != "kty"},
            "a member missing": lambda: {name: value for name, value in jwk.items() if name != main},
            "a member no text": lambda: {**jwk, main: r.choice([None, 1, [jwk[main]]])},
            "a member empty": lambda: {**jwk, main: ""},
            "a member padded": lambda: {**jwk, main: jwk[main] + "=" * (-len(jwk[main]) % 4 or 1)},
            "a member in the other alphabet": lambda: {**jwk, main: base64.b64encode(raw).decode().rstrip("=")},
            "a member with white space": lambda: {**jwk, main: jwk[main][:4] + "\n" + jwk[main][4:]},
            "a zero before a member": lambda: {**jwk, main: b64(b"\0" + raw)},
            "a member one bit off": lambda: {**jwk, main: b64(raw[:-1] + bytes([raw[-1] ^ 2]))},
            "another key": lambda: {**jwk, **r.choice([one for one in self.keys if one.kind == key.kind]).jwk},
            "members beside": lambda: {**jwk, "ext": True, "x5t": "AA", "nbf": 1, "__proto__": 1},
            "x5c no certificate": lambda: {**jwk, "x5c": ["AA=="]},
        }
        if jwk["kty"] != "oct":
            choices["its private members"] = lambda: {**key.private, **jwk}
            choices["oct members beside"] = lambda: {**jwk, "k": b64(b"0" * 64)}
        if jwk["kty"] == "RSA":
            choices["e of one"] = lambda: {**jwk, "e": "AQ"}
            choices["e of three"] = lambda: {**jwk, "e": "Aw"}
            choices["e even"] = lambda: {**jwk, "e": "AQAA"}
            choices["e of 100 bits"] = lambda: {**jwk, "e": b64(b"\x0f" + bytes(11) + b"\x01")}
        if "crv" in jwk:
            choices["crv of another"] = lambda: {**jwk, "crv": r.choice([c for c in ("P-256", "P-384", "Ed25519", "X25519", "secp256k1") if c != jwk["crv"]])}
        if jwk["kty"] == "EC":
            choices["y one bit off"] = lambda: {**jwk, "y": b64(unb64(jwk["y"])[:-1] + bytes([unb64(jwk["y"])[-1] ^ 1]))}
            choices["point at zero"] = lambda: {**jwk, "x": b64(bytes(len(raw))), "y": b64(bytes(len(raw)))}
            choices["no y"] = lambda: {name: value for name, value in jwk.items() if name != "y"}
        if jwk.get("crv") == "Ed25519":
            choices["of small order"] = lambda: {**jwk, "x": b64(r.choice([bytes(32), b"\1" + bytes(31), b"\xec" + b"\xff" * 30 + b"\x7f"]))}
        return self.named(done, "key", choices)()

    def set(self, key, jwk, done):
        r = self.random
        others = [one for one in self.keys if one is not key]
        other = r.choice(others)
        weak = r.choice(self.weak)
        public = [one.jwk for one in others if one.kind[:3] != "oct"]
        return self.named(done, "set", {
            "others before": lambda: {"keys": [*r.sample(public, 3), jwk]} if key.jwk["kty"] != "oct" else {"keys": [jwk, jwk]},
            "same kid twice": lambda: {"keys": [{**other.jwk, **({"kid": jwk["kid"]} if "kid" in jwk else {})}, jwk]},
            "without the key": lambda: {"keys": [other.jwk]},
            "secrets and public keys": lambda: {"keys": [jwk, r.choice(public) if key.jwk["kty"] == "oct" else self.keys[0].jwk]},
            "an unknown kty before": lambda: {"keys": [{"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}, jwk]},
            "a broken key before": lambda: {"keys": [{"kty": "EC", "crv": "P-256"}, jwk]},
            "no object before": lambda: {"keys": [r.choice([1, None, "x", []]), jwk]},
            "weak key": lambda: {"keys": [weak.jwk]},
            "empty": lambda: {"keys": []},
            "no list": lambda: {"keys": r.choice([jwk, None, "x"])},
            "other members": lambda: {"keys": [jwk], "x": {"keys": []}},
            "in a private key's company": lambda: {"keys": [other.private, jwk]},
            "twelve keys": lambda: {"keys": [dict(one.jwk) for one in self.keys if (one.kind[:3] == "oct") == (key.jwk["kty"] == "oct")] + [jwk]},
        })()  # fmt: skip
