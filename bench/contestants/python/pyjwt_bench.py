"""PyJWT; the same protocol as contestants/cpp/contest.h. The key is read once; claims are looked at by hand."""
import json
import sys
import time

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_public_key

UNSUPPORTED = 4


def main():
    algorithm, mode, folder, seconds = sys.argv[1:5]
    if mode == "repeat" or algorithm not in jwt.algorithms.get_default_algorithms():
        return UNSUPPORTED
    key = open(f"{folder}/{algorithm}.key", "rb").read()
    if not algorithm.startswith("HS"):
        key = load_pem_public_key(key)
    options = {"require": ["exp"], "verify_aud": False}

    def accepts(username, client_id, token):
        try:
            claims = jwt.decode(token, key, algorithms=[algorithm], options=options)
        except jwt.InvalidTokenError:
            return False
        return claims["username"] == username and claims["clientid"] == client_id

    def entries(suffix):
        with open(f"{folder}/{algorithm}{suffix}", encoding="ascii") as file:
            return [line.split() for line in file]

    good = entries(".good")
    all_good = all(accepts(*entry[1:]) for entry in good)
    refused = {}
    for kind, *entry in entries(".bad"):
        refused[f"refused_{kind}"] = not accepts(*entry) and refused.get(f"refused_{kind}", True)

    def spend(budget):
        turns = accepted = 0
        start = now = time.process_time()
        while now - start < budget:
            for _, username, client_id, token in good:
                accepted += accepts(username, client_id, token)
            turns += len(good)
            now = time.process_time()
        return turns, accepted, now - start

    spend(float(seconds) / 5)
    turns, accepted, took = spend(float(seconds))
    print(json.dumps({"accepted": all_good and accepted == turns, **refused, "ops": turns / took}))
    return 0


sys.exit(main())
