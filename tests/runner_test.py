"""The runner itself: what it counts, and what gets a second try."""

import importlib.util
import pathlib
import tempfile
import unittest
import unittest.mock

HERE = pathlib.Path(__file__).resolve().parent

SUITE = """
import pathlib, unittest

class Sample(unittest.TestCase):
    def test_one_that_is_well(self):
        pass

    def test_one_that_comes_late(self):
        marker = pathlib.Path({folder!r}) / "was-here"
        late = marker.exists()
        marker.touch()
        self.assertTrue(late, "the first try")

    def test_one_that_is_wrong(self):
        self.assertFalse({wrong})
"""


class RunnerTest(unittest.TestCase):
    def setUp(self):
        spec = importlib.util.spec_from_file_location("sallyport_runner", HERE / "run.py")
        self.run = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self.run)
        self.said = []
        self.run.say = self.said.append
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def both_tries(self, wrong):
        file = self.folder / "sample_test.py"
        file.write_text(SUITE.format(folder=str(self.folder), wrong=wrong))
        first = self.run.python_suite("sample", [file])()
        total = self.run.Count().add(first)
        late = self.run.run_again([(first.failed, first.again)], total)
        return (first.passed, first.failed), (total.passed, total.failed), late

    def test_what_passes_alone_is_counted_and_told(self):
        self.assertEqual(self.both_tries(wrong=False), ((2, 1), (3, 0), 1))
        self.assertTrue(any("FAILED  sample: one that comes late" in line for line in self.said))
        self.assertIn("ok      sample, alone: one that comes late", self.said)

    def test_what_fails_twice_has_failed(self):
        self.assertEqual(self.both_tries(wrong=True), ((1, 2), (2, 1), 1))
        self.assertTrue(any("FAILED  sample, alone: one that is wrong" in line for line in self.said))

    def test_many_failures_get_no_second_try(self):
        total = self.run.Count(passed=1, failed=21)
        never = unittest.mock.Mock()
        self.assertEqual(self.run.run_again([(21, never)], total), 0)
        never.assert_not_called()
        self.assertEqual((total.passed, total.failed), (1, 21))
