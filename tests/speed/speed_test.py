"""What one decision of each kind costs, in instructions and allocations: repeatable on any machine, so that a change that
makes one slower fails where it is made. SALLYPORT_SPEED_WRITE=1 writes kept.json anew."""

import json
import os
import pathlib
import platform
import re
import subprocess
import tempfile
import unittest

from harness import machine

HERE = pathlib.Path(__file__).resolve().parent
KEPT = HERE / "kept.json"
MARGIN = 1.15
SLACK = 600  # instructions: a refusal before any signature is a thousand of them
GOOD = ["HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA"]
KINDS = [(a, "good") for a in GOOD] + [(a, "openssl") for a in ("RS256", "ES256", "ES384")] + [("HS256", "repeat"), ("ES256", "repeat")]
REFUSED = {
    ("HS256", "forged"): "bad_signature", ("ES256", "forged"): "bad_signature", ("HS256", "expired"): "expired",
    ("HS256", "other_name"): "claim_mismatch", ("HS256", "damaged"): "malformed_token", ("HS256", "garbage"): "not_a_token",
}  # fmt: skip


class Speed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="sp-speed-")
        subprocess.run([machine.BUILD / "bin" / "speed_tokens", cls.folder.name, "24", *GOOD], check=True, timeout=300)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def probe(self, algorithm, kind, *before):
        command = [*before, machine.BUILD / "bin" / "speed_probe", self.folder.name, algorithm, kind]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout), done.stderr

    def test_our_code_allocates_nothing_for_any_decision(self):
        for algorithm, kind in [*KINDS, *REFUSED]:
            with self.subTest(f"{algorithm} {kind}"):
                said, _ = self.probe(algorithm, kind)
                self.assertEqual(said["news"], 0)
                self.assertEqual((said["verdict"], said["reason"]), ("deny", REFUSED[algorithm, kind]) if (algorithm, kind) in REFUSED else ("allow", "token_ok"))

    def test_libraries_allocate_only_where_openssl_judges(self):
        fast = ["RS256", "ES256", "ES384"] if self.probe("ES256", "good")[0]["fast_answers"] else []
        for algorithm, kind in [("HS256", "good"), ("HS256", "repeat"), ("ES256", "repeat"), *((a, "good") for a in fast)]:
            self.assertEqual(self.probe(algorithm, kind)[0]["mallocs"], 0, (algorithm, kind))

    @unittest.skipUnless(platform.machine() == "x86_64", "the kept counts are of x86-64")
    def test_no_decision_costs_more_instructions_than_it_did(self):
        if " avx2 " not in pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"):
            self.skipTest("the kept counts are of a processor with AVX2")
        kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
        counted = {f"{a} {k}": self.instructions(a, k) for a, k in [*KINDS, *REFUSED]}
        if os.environ.get("SALLYPORT_SPEED_WRITE"):
            KEPT.write_text(json.dumps(counted, indent=1) + "\n", encoding="utf-8")
            return
        self.assertEqual(set(kept), set(counted))
        slower = {k: f"{n:,} instructions, {kept[k]:,} kept" for k, n in counted.items() if n > kept[k] * MARGIN + SLACK}
        self.assertEqual(slower, {}, "hint: SALLYPORT_SPEED_WRITE=1 keeps the new counts, where the cost is worth it")
        faster = {k: f"{n:,} instructions, {kept[k]:,} kept" for k, n in counted.items() if n < kept[k] / MARGIN / MARGIN - SLACK}
        self.assertEqual(faster, {}, "faster than kept, which hides the next change: SALLYPORT_SPEED_WRITE=1 keeps the new counts")

    def instructions(self, algorithm, kind):
        _, said = self.probe(
            algorithm, kind, "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=measured_decision"
        )
        return int(re.search(r"Collected : (\d+)", said).group(1))


if __name__ == "__main__":
    unittest.main()
