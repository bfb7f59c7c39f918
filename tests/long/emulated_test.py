"""The fast engine on processors that this machine is not: x86-64 without ADX, and arm64, under qemu-user."""

import os
import pathlib
import subprocess
import tempfile
import unittest

from harness import machine

SOURCES = ["tests/emulated/replay.cpp", "src/crypto/fast_p256.cpp", "src/crypto/fast_p384.cpp", "src/crypto/fast_ed25519.cpp", "src/crypto/fast_path.cpp"]
UNIT_TESTS = machine.ROOT / "build" / "release" / "tests" / "crypto_tests"
CASES = 1500


class Emulated(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run([machine.ROOT / "scripts" / "install-packages", "emulate"], check=True, capture_output=True, timeout=600)
        cls.folder = tempfile.TemporaryDirectory(prefix="sp-emulated-")
        cls.cases = pathlib.Path(cls.folder.name) / "cases"
        cls.ask("*FastEcdsaTest*:FastEd25519Test*", {"SALLYPORT_DIFFERENTIAL": str(CASES), "SALLYPORT_DIFFERENTIAL_RECORD": str(cls.cases)})

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @staticmethod
    def ask(tests, environment, before=()):
        done = subprocess.run([*before, UNIT_TESTS, f"--gtest_filter={tests}"], env={**os.environ, **environment}, capture_output=True, text=True, timeout=900)
        if done.returncode != 0:
            raise AssertionError(done.stdout[-2000:] + done.stderr[-2000:])
        return done.stdout

    def replay(self, compiler, *emulator):
        program = pathlib.Path(self.folder.name) / f"replay-{compiler}"
        if not program.exists():
            subprocess.run([compiler, "-std=c++20", "-O2", "-Isrc", *SOURCES, "-o", program], cwd=machine.ROOT, check=True, timeout=600)
        done = subprocess.run([*emulator, program, self.cases], capture_output=True, text=True, timeout=900)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout.split()

    def test_arm64_answers_as_openssl_did_here(self):
        said = self.replay("aarch64-linux-gnu-g++", "qemu-aarch64", "-L", "/usr/aarch64-linux-gnu")
        self.assertGreater(int(said[1]), CASES - 100)
        self.assertEqual(said[6:], ["paths", "portable", "wrong", "0"])

    @unittest.skipUnless(os.uname().machine == "x86_64", "emulates x86-64 by the compiler of this machine")
    def test_a_processor_without_adx_takes_the_portable_path_and_one_with_it_both(self):
        self.assertEqual(self.replay("g++", "qemu-x86_64", "-cpu", "Nehalem")[6:], ["paths", "portable", "wrong", "0"])
        self.assertEqual(self.replay("g++", "qemu-x86_64", "-cpu", "max")[6:], ["paths", "portable,adx", "wrong", "0"])

    @unittest.skipUnless(os.uname().machine == "x86_64", "emulates x86-64 by the programs of this machine")
    def test_the_engine_chooses_and_confirms_on_a_processor_without_adx(self):
        said = self.ask("*FastEcdsaTest*:FastEd25519Test*:FastKnownAnswersTest*:FastEngineTest*", {"SALLYPORT_DIFFERENTIAL": "100"}, ["qemu-x86_64", "-cpu", "Nehalem"])
        self.assertIn("this machine has no adx", said)
        self.assertIn("AnswersOnlyAfterAFewUsesATableAndItsProbation", said)

    def test_an_answer_that_is_not_openssls_is_found(self):
        first = self.cases.read_text(encoding="ascii").splitlines()
        turned = pathlib.Path(self.folder.name) / "turned"
        turned.write_text("\n".join([*first, first[0][:-1] + str(1 - int(first[0][-1]))]) + "\n", encoding="ascii")
        self.replay("g++")
        done = subprocess.run([pathlib.Path(self.folder.name) / "replay-g++", turned], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 1, done.stdout)


if __name__ == "__main__":
    unittest.main()
