"""The bench compares what is alike: each contestant lets the good in and keeps the forged, expired and others' out."""

import subprocess
import unittest

from harness import machine


class Bench(unittest.TestCase):
    def test_each_contestant_accepts_good_tokens_and_refuses_forged_expired_and_others(self):
        subprocess.run([machine.ROOT / "scripts" / "install-packages", "bench"], check=True, capture_output=True, timeout=600)
        done = subprocess.run(
            [machine.ROOT / "scripts" / "bench", "--check", "--algorithms", "HS256,RS256,ES256,EdDSA"],
            capture_output=True, text=True, timeout=1200,
        )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])
        for contestant in ("sallyport", "libjwt", "fast-jwt"):
            self.assertIn(f"{contestant} HS256 cold: right", done.stdout)
        for server in ("sallyportd rabbitmq", "sallyportd v1"):
            self.assertIn(f"{server}: right", done.stdout)

    def test_every_part_of_the_bench_runs_from_its_first_line_to_its_last(self):
        done = subprocess.run(
            [machine.ROOT / "scripts" / "bench", "--quick", "--algorithms", "HS256,ES256"], capture_output=True, text=True, timeout=1800
        )
        self.assertEqual(done.returncode, 0, done.stdout[-3000:] + done.stderr[-3000:])
        for said in ("times ", "| accept-all | first time |", "| 1,000 |", "| by its kid |", "| each second |", "results.quick.json"):
            self.assertIn(said, done.stdout)


if __name__ == "__main__":
    unittest.main()
