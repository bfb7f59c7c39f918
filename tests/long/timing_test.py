"""What a stranger with a clock must not learn, measured; and twins that leak on purpose, which must be found."""

import pathlib
import re
import subprocess
import unittest

from harness import machine

PROBE = machine.BUILD / "bin" / "timing_probe"
NAMES = re.compile(r"^TEST\(TimingTest, (\w+)\)", re.MULTILINE)


class Timing(unittest.TestCase):
    def ask(self, names):
        done = subprocess.run([PROBE, f"--gtest_filter={':'.join('TimingTest.' + name for name in names)}"], capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"[  PASSED  ] {len(names)} test", done.stdout)

    names = NAMES.findall((pathlib.Path(machine.ROOT) / "tests" / "timing" / "timing.cpp").read_text(encoding="utf-8"))

    def test_time_tells_nothing_of_macs_users_and_passwords(self):
        self.ask([name for name in self.names if not name.endswith("IsFound")])

    def test_a_twin_that_leaks_is_found_by_the_same_measurement(self):
        twins = [name for name in self.names if name.endswith("IsFound")]
        self.assertEqual(len(twins), 4)
        self.ask(twins)


if __name__ == "__main__":
    unittest.main()
