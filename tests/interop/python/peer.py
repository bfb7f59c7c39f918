"""PyJWT signs and verifies for the tests, one JSON object a line.

The key is chosen as a careful user of the library does it: by kid where both have one, by alg and key type.
"""

import json
import sys
import warnings

import jwt
from jwt.algorithms import get_default_algorithms

warnings.simplefilter("ignore")
ALGORITHMS = get_default_algorithms()
JWS = jwt.PyJWS()
FAMILIES = {
    "RSA": {None: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]},
    "EC": {"P-256": ["ES256"], "P-384": ["ES384"], "P-521": ["ES512"]},
    "OKP": {"Ed25519": ["EdDSA"], "Ed448": ["EdDSA"]},
    "oct": {None: ["HS256", "HS384", "HS512"]},
}
imported = {}


def algorithms(jwk):
    family = FAMILIES.get(jwk.get("kty"), {})
    able = family.get(None) or family.get(jwk.get("crv"), [])
    return able if "alg" not in jwk else [alg for alg in able if alg == jwk["alg"]]


def key_for(jwk, alg):
    text = alg + json.dumps(jwk)
    if text not in imported:
        imported[text] = ALGORITHMS[alg].from_jwk(jwk)
    return imported[text]


def sign(request):
    key = key_for(request["key"], request["alg"])
    headers = {"kid": request["kid"]} if request.get("kid") is not None else None
    return jwt.encode(request["claims"], key, algorithm=request["alg"], headers=headers)


def verify(request):
    token, keys = request["token"], request["keys"]
    header = jwt.get_unverified_header(token)
    alg, kid = header.get("alg"), header.get("kid")
    why = "no key fits"
    for jwk in keys.get("keys", [keys]):
        if not isinstance(jwk, dict) or alg not in algorithms(jwk) or ("kid" in header and "kid" in jwk and kid != jwk["kid"]):
            continue
        try:
            JWS.decode_complete(token, key_for(jwk, alg), algorithms=[alg])
            return True, "good"
        except Exception as error:  # the library's, cryptography's and Python's own
            why = f"{type(error).__name__}: {error}"
    return False, why


for line in sys.stdin:
    asked = json.loads(line)
    answer = {"id": asked.get("id")}
    try:
        if asked["op"] == "sign":
            answer["token"] = sign(asked)
        else:
            answer["valid"], answer["why"] = verify(asked)
    except Exception as error:
        if asked["op"] == "sign":
            answer["error"] = f"{type(error).__name__}: {error}"
        else:
            answer["valid"], answer["why"] = False, f"{type(error).__name__}: {error}"
    print(json.dumps(answer), flush=True)
