"""Runs unittest modules and prints one line a test: its name is its sentence."""

import argparse
import importlib.util
import json
import pathlib
import sys
import time
import traceback
import unittest


def sentence(test) -> str:
    method = getattr(test, getattr(test, "_testMethodName", ""), None)
    if hasattr(method, "sentence"):
        return method.sentence
    name = getattr(test, "_testMethodName", str(test))
    return name.removeprefix("test_").replace("_", " ")


def short_name(test) -> str:
    if hasattr(test, "_testMethodName"):
        return f"{type(test).__name__}.{test._testMethodName}"
    return test.id().rstrip(")").rpartition(".")[2]  # "setUpClass (module.Class)"


class Lines(unittest.TestResult):
    def __init__(self, label, stream=sys.stdout):
        super().__init__()
        self.label, self.stream = label, stream
        self.passed, self.failed, self.skips = 0, 0, 0
        self.failures_by_name = []  # "Class.method", or "Class" where its fixture failed
        self._started = 0.0

    def _line(self, word, test, note=""):
        took = time.monotonic() - self._started
        slow = f" ({took:.1f} s)" if took >= 1 else ""
        print(f"{word:<7} {self.label}: {sentence(test)}{slow}{note}", file=self.stream, flush=True)

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()
        self._subtest_failed = False

    def addSuccess(self, test):
        if self._subtest_failed:
            return
        self.passed += 1
        self._line("ok", test)

    def _fail(self, test, error, note=""):
        self.failed += 1
        self.failures_by_name.append(short_name(test))
        self._line("FAILED", test, note)
        text = "".join(traceback.format_exception(*error))
        print("\n".join("        | " + line for line in text.splitlines()), file=self.stream, flush=True)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._fail(test, error)

    def addError(self, test, error):
        super().addError(test, error)
        self._fail(test, error)

    def addSubTest(self, test, subtest, error):
        super().addSubTest(test, subtest, error)
        if error is not None:
            if not self._subtest_failed:
                self.failed += 1
                self.failures_by_name.append(short_name(test))
            self._subtest_failed = True
            self._line("FAILED", test, " " + subtest._subDescription())
            text = "".join(traceback.format_exception(*error))
            print("\n".join("        | " + line for line in text.splitlines()), file=self.stream, flush=True)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.skips += 1
        self._line("skipped", test, f": {reason}")

    def addExpectedFailure(self, test, error):
        super().addExpectedFailure(test, error)
        self.addSuccess(test)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.failed += 1
        self.failures_by_name.append(short_name(test))
        self._line("FAILED", test, ": it succeeded and was expected to fail")


def load(files):
    suite = unittest.TestSuite()
    for file in files:
        name = "sallyport_" + "_".join(pathlib.Path(file).with_suffix("").parts[-2:])
        spec = importlib.util.spec_from_file_location(name, file)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except Exception as error:  # a file that cannot be read is a failed test, not a silent one
            message = "".join(traceback.format_exception(error))

            class Unreadable(unittest.TestCase):
                def runTest(self, message=message):
                    self.fail(message)

            test = Unreadable()
            test._testMethodName = f"reading {file}"
            setattr(test, test._testMethodName, test.runTest)
            suite.addTest(test)
            continue
        suite.addTests(unittest.defaultTestLoader.loadTestsFromModule(module))
    return suite


def each(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from each(test)
        else:
            yield test


def main(arguments=None) -> int:
    parser = argparse.ArgumentParser(description="runs test files, one line a test")
    parser.add_argument("files", nargs="+")
    parser.add_argument("--label", default="tests")
    parser.add_argument("--only", default="", help="tests whose sentence or class holds this text")
    parser.add_argument("--exactly", action="append", default=[], help="Class.method or Class; may be repeated")
    parser.add_argument("--counts", help="file for the counts, as JSON")
    options = parser.parse_args(arguments)
    suite = load(options.files)
    if options.only:
        wanted = options.only.replace("_", " ")
        suite = unittest.TestSuite(
            test for test in each(suite) if wanted in sentence(test) or options.only in type(test).__name__
        )
    if options.exactly:
        suite = unittest.TestSuite(
            test for test in each(suite) if {short_name(test), type(test).__name__} & set(options.exactly)
        )
        # Class fixtures need the tests of one class side by side; they are, since the order is kept.
    result = Lines(options.label)
    result._started = time.monotonic()
    suite.run(result)
    counts = {
        "passed": result.passed,
        "failed": result.failed,
        "skipped": result.skips,
        "failures": result.failures_by_name,
    }
    if options.counts:
        pathlib.Path(options.counts).write_text(json.dumps(counts))
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
