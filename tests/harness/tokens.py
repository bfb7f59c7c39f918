"""Tokens as others make them. HS* by the standard library alone; the rest by PyJWT."""

import base64
import hashlib
import hmac
import json
import time

# The published sample; its key is "secret".
SAMPLE = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    ".eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkVNUVggQ2xvdWQiLCJpYXQiOjE1MTYyMzkwMjJ9"
    ".wGxZTwkCZtYPzkS854aQ9WCnP8YGIQ_erFh5RIznhYk"
)
SAMPLE_SUBJECT = "1234567890"

# Long enough for every HS algorithm, and in no public document.
KEY = "a-key-of-the-tests-own-that-is-long-enough-for-HS512-0123456789ab"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def hs(claims, key=KEY, alg="HS256", header=None) -> str:
    head = {"alg": alg, "typ": "JWT"} if header is None else header
    text = b64(json.dumps(head).encode()) + "." + b64(json.dumps(claims).encode())
    key = key.encode() if isinstance(key, str) else key
    digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[alg]
    return text + "." + b64(hmac.new(key, text.encode(), digest).digest())


def good(subject="device-1", **claims) -> str:
    return hs({"sub": subject, "exp": int(time.time()) + 3600, **claims})


def expired(subject="device-1", **claims) -> str:
    return hs({"sub": subject, "exp": int(time.time()) - 3600, **claims})


def changed(token: str) -> str:
    """The token with one letter of its signature changed; still strict base64url."""
    head, payload, signature = token.split(".")
    first = "x" if signature[0] != "x" else "y"
    return ".".join((head, payload, first + signature[1:]))


def by_pyjwt(claims, key, alg, headers=None) -> str:
    import jwt

    return jwt.encode(claims, key, algorithm=alg, headers=headers)
