"""Sallyport and five libraries judge the same random tokens under the same keys.

SALLYPORT_DIFFERENTIAL is how many (10,000), SALLYPORT_DIFFERENTIAL_SEED where they begin. Each disagreement is one of
the table EXPLAINED, or it is a failure and printed whole.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest
from dataclasses import dataclass

from harness import machine, peers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from cases import Maker  # noqa: E402

COUNT = int(os.environ.get("SALLYPORT_DIFFERENTIAL", 10_000))
SEED = int(os.environ.get("SALLYPORT_DIFFERENTIAL_SEED", 8725))
AT_ONCE = 20_000  # a million do not fit into memory at once
EVERYBODY = tuple(peers.LIBRARIES)
JAVASCRIPT = ("jose", "jsonwebtoken")


@dataclass
class Why:
    """One class of disagreement: a case belongs to it by what was done, our reason and our words about the keys."""

    sentence: str
    done: str = ""
    reason: str = ""
    detail: str = ""
    libraries: tuple = EVERYBODY

    def holds(self, library, case):
        return (
            library in self.libraries
            and (not self.done or any(re.search(self.done, one) for one in case.done))
            and (not self.reason or re.fullmatch(self.reason, case.reason) is not None)
            and (not self.detail or re.search(self.detail, case.detail) is not None)
        )


# Where a key was left aside: none is left, or others are tried in vain.
LEFT = "no_key_for_algorithm|bad_signature|unknown_key_id"

# -- we refuse and they accept
STRICTER = [
    Why("a member that stands twice has two readings (RFC 7515 4): we refuse, they take the last", r"^header: (a member|alg) twice", "malformed_token"),
    Why("crit and b64 are refused whatever they say (RFC 7515 4.1.11, RFC 7797)", r"^header: (crit|b64)", "critical_header"),
    Why("a header has at most 8 KiB and 16 levels, a token 65,535 bytes", r"^header: (10 KiB|nested 20 deep)", "malformed_token|token_too_long"),
    Why("a kid is text of at most 1024 bytes, and typ is text (RFC 7515 4.1.4, 4.1.9)", r"^header: (kid no text|kid of 2000 bytes|typ no text)", "malformed_token"),
    Why("JSON is UTF-8 (RFC 8725 3.7): they put a replacement where it is broken", r"^header: (broken UTF-8|lone surrogate)", "malformed_token"),
    Why("Python's json reads NaN", r"^header: NaN", "malformed_token", libraries=("PyJWT",)),
    Why("a byte-order mark is no JSON (RFC 8259 8.1)", r"^header: byte-order mark", "malformed_token"),
    Why("base64url has no padding, no white space, no other alphabet, no stray bits (RFC 7515 2, RFC 4648 3.5): decoders pass over them",
        r"^(signed text|text): ", "malformed_token|not_a_token", libraries=("jose", "jsonwebtoken", "PyJWT", "golang-jwt")),
    Why("the salt of PS256 and its like is as long as the hash (RFC 7518 3.5): Go's library takes any", r"^signature: with another salt length", "bad_signature", libraries=("golang-jwt",)),
    Why("a secret is as long as its hash (RFC 7518 3.2)", r"^secret shorter than its hash", LEFT),
    Why("a key with private members is not for publishing: somebody made a mistake", detail="has private members"),
    Why("secrets beside public keys in one set: whoever may read the one learns the other", detail="secrets and public keys in one JWK set"),
    Why("two secrets of one kid: nobody can say which is meant", detail="two secrets with one kid"),
    Why("use and key_ops say what a key is for (RFC 7517 4.2, 4.3): many libraries leave that to their users", r"^key: (use|key_ops) ", LEFT, r"use (is|not)|key_ops"),
    Why("a JWK's kid is text of at most 1024 bytes", r"^key: kid ", LEFT, "kid"),
    Why("x5c certifies the key that stands beside it (RFC 7517 4.7): few look", r"^key: x5c", LEFT, "x5c"),
    Why("a JWK's members are strict base64url", r"^key: a member (padded|in the other alphabet|with white space)", LEFT, "not strict base64url"),
    Why("JavaScript makes a text of a list of one text", r"^key: a member no text", LEFT, "is not text", JAVASCRIPT),
    Why("coordinates have the full length of their field (RFC 7518 6.2.1.2)", r"^key: a zero before a member", LEFT, "full length|length"),
]  # fmt: skip

# -- we accept and they refuse
MORE = [
    Why("`jws verify` looks at header and signature; payloads are judged where claims are read", r"^payload: ", "token_ok"),
    Why("a member that nobody reads may hold any JSON: typed readers want their own types", r"^header: (x5c no list|brings a key|a number of 400 digits|cty and enc)", "token_ok", libraries=("golang-jwt", "jsonwebtoken-rust", "PyJWT")),
]  # fmt: skip
CANNOT = "it has no such algorithm"


@dataclass
class Case:
    token: str
    keys: object
    able: str
    done: list
    valid: bool = False
    reason: str = ""
    detail: str = ""

    def told(self):
        return json.dumps({"done": self.done, "reason": self.reason, "detail": self.detail, "token": self.token, "keys": self.keys})


def judge(cases):
    lines = "".join(json.dumps({"id": i, "token": case.token, "keys": case.keys}) + "\n" for i, case in enumerate(cases))
    done = subprocess.run([str(machine.SALLYPORT), "jws", "verify", "--batch", "-"], input=lines, capture_output=True, text=True, timeout=600)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    if len(answers) != len(cases) or done.returncode not in (0, 2):
        raise AssertionError(f"sallyport ended with {done.returncode} after {len(answers)} of {len(cases)} answers: {done.stderr[-500:]}")
    for case, answer in zip(cases, answers):
        case.valid, case.reason, case.detail = answer["valid"], answer.get("reason", "error"), answer.get("detail") or answer.get("error", "")


def explain(library, peer, case):
    if case.valid and case.able not in peer.algorithms:
        return CANNOT
    return next((why.sentence for why in (MORE if case.valid else STRICTER) if why.holds(library, case)), None)


def batches():
    maker, left = Maker(SEED), COUNT
    while left > 0:
        cases = [Case(*maker.case()) for _ in range(min(left, AT_ONCE))]
        left -= len(cases)
        judge(cases)
        yield cases


class Differential(unittest.TestCase):
    """One pass over the cases; each library's verdict is kept for its own test."""

    @classmethod
    def setUpClass(cls):
        cls.missing, cls.there = {}, {}
        for library in EVERYBODY:
            try:
                cls.there[library] = peers.peer(library)
            except peers.Missing as why:
                cls.missing[library] = str(why)
        cls.classes = {library: collections.Counter() for library in cls.there}
        cls.unexplained = {library: [] for library in cls.there}
        cls.agreed, cls.reasons, cls.forged, cls.refused_though_sound = collections.Counter(), collections.Counter(), [], []
        for cases in batches():
            for case in cases:
                cls.reasons[case.reason] += 1
                # n - s is ECDSA's other signature; another key of the set may be the one that signed, and
                # another hash or padding the one that a changed alg names.
                false = any(one.startswith("signature: ") and one != "signature: n - s" for one in case.done)
                if case.valid and false and not any(one.startswith(("set: ", "key: another key", "header: alg of")) for one in case.done):
                    cls.forged.append(case)
                if not case.done and not case.valid:
                    cls.refused_though_sound.append(case)
            for library, peer in cls.there.items():
                requests = [{"op": "verify", "id": i, "token": case.token, "keys": case.keys} for i, case in enumerate(cases)]
                for case, answer in zip(cases, peer.ask(requests)):
                    if answer["valid"] == case.valid:
                        cls.agreed[library] += 1
                        continue
                    sentence = explain(library, peer, case)
                    if sentence is None:
                        cls.unexplained[library].append((case, answer["why"]))
                    else:
                        cls.classes[library][sentence] += 1

    def test_no_forged_signature_is_accepted_and_no_sound_token_refused(self):
        self.assertEqual([case.told() for case in self.forged[:5]], [])
        self.assertEqual([case.told() for case in self.refused_though_sound[:5]], [])
        self.assertGreater(self.reasons["token_ok"], COUNT // 5)
        self.assertGreater(self.reasons["bad_signature"], COUNT // 20)

    def test_every_disagreement_is_explained(self):
        """Of each library; the loop below makes a test a library of it."""

    def explained(self, library):
        if library in self.missing:
            self.skipTest(f"{library} cannot be had here: {self.missing[library]}")
        print(f"        | {library} {self.there[library].version}: {self.agreed[library]} of {COUNT} alike", flush=True)
        for sentence, count in self.classes[library].most_common():
            print(f"        | {count:6} {sentence}", flush=True)
        bad = self.unexplained[library]
        self.assertEqual(len(bad), 0, "".join(f"\n{case.told()}\n  {library}: {why}" for case, why in bad[:8]))

    def test_each_line_of_the_table_is_needed(self):
        if self.missing or COUNT < 10_000:
            self.skipTest("that can be said with all libraries and 10,000 cases alone" + "".join(f"; {name} cannot be had here" for name in self.missing))
        seen = {sentence for counter in self.classes.values() for sentence in counter}
        self.assertEqual([why.sentence for why in STRICTER + MORE if why.sentence not in seen], [])


del Differential.test_every_disagreement_is_explained
for _library in EVERYBODY:

    def _test(self, _library=_library):
        self.explained(_library)

    _test.sentence = f"every disagreement with {_library} is explained"
    setattr(Differential, f"test_with_{_library.replace('-', '_')}", _test)


if __name__ == "__main__":
    unittest.main()
