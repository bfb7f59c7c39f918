#!/usr/bin/python3
"""run.py [--all] [SUITE...]: the suites of `make test`, two at a time, and one closing line.

The last line is "N passed, N failed" and the exit code says the same.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
PRINT = threading.Lock()
running = set()


FAILURES = []  # said again at the end, where a reader of a long log looks first


def say(text):
    with PRINT:
        FAILURES.extend(line for line in text.splitlines() if line.startswith("FAILED"))
        print(text, flush=True)


class Count:
    """What a job's tests did; `again` runs its failed tests once more, where single tests can be named."""

    def __init__(self, passed=0, failed=0, skipped=0, again=None):
        self.passed, self.failed, self.skipped = passed, failed, skipped
        self.again = again

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self


def spawn(command, env=None, seconds=1200):
    """(exit code, output); lines are shown by the caller. Ended by process id when its time is over."""
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="backslashreplace", start_new_session=True,
    )  # fmt: skip
    running.add(process.pid)
    overdue = threading.Timer(seconds, os.killpg, (process.pid, signal.SIGKILL))
    overdue.start()
    try:
        for line in process.stdout:
            yield line.rstrip("\n")
        code = process.wait()
    finally:
        overdue.cancel()
        running.discard(process.pid)
    yield code


# -- unit tests


def unit_program(label, program, only=()):
    with tempfile.TemporaryDirectory(prefix="sp-units-") as folder:
        report = pathlib.Path(folder) / "report.json"
        os.chmod(folder, 0o755)  # some tests act as a user who is not root
        env = dict(os.environ, TMPDIR=folder)
        env.setdefault("ASAN_OPTIONS", "abort_on_error=0:detect_leaks=1:detect_stack_use_after_return=1")
        env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
        started = time.monotonic()
        command = [str(program), "--gtest_brief=1", f"--gtest_output=json:{report}"]
        *lines, code = spawn([*command, "--gtest_filter=" + ":".join(only)] if only else command, env=env, seconds=600)
        took = time.monotonic() - started
        count = Count()
        try:
            data = json.loads(report.read_text())
            disabled = data.get("disabled", 0)
            count.failed = data["failures"] + data.get("errors", 0)
            count.skipped = sum(
                one.get("result") == "SKIPPED" for suite in data["testsuites"] for one in suite["testsuite"]
            )
            count.passed = data["tests"] - disabled - count.failed - count.skipped
            failures = [
                f"{suite['name']}.{one['name']}" for suite in data["testsuites"]
                for one in suite["testsuite"] if "failures" in one
            ]  # fmt: skip
            if failures and not only:
                count.again = lambda: unit_program(label + ", alone", program, failures)
        except (OSError, ValueError, KeyError):
            pass
        if code != 0 and count.failed == 0:
            count.failed = 1  # it crashed, or a sanitizer spoke
        word = "FAILED" if count.failed else "ok"
        say(f"{word:<7} {label}: {program.name}, {count.passed} tests ({took:.1f} s)")
        if count.failed:
            say("\n".join("        | " + line for line in lines[-400:]))
        return count


def units(preset):
    label = "units" if preset == "release" else f"units, {preset}"
    programs = sorted((ROOT / "build" / preset / "tests").glob("*_tests"))
    if not programs:
        say(f"FAILED  {label}: no test program in build/{preset}/tests")
        return [lambda: Count(failed=1)]
    return [lambda program=program: unit_program(label, program) for program in programs]


# -- fuzz targets: each from its seeds for a few seconds; `make fuzz` takes longer


def fuzz():
    seconds = os.environ.get("FUZZ_SECONDS", "3")
    names = sorted(source.stem.removesuffix("_fuzz") for source in (ROOT / "fuzz").glob("*_fuzz.cpp"))

    def run_target(name):
        def run():
            *lines, code = spawn([str(ROOT / "scripts" / "fuzz"), "--built", seconds, name], seconds=300)
            said = next((line.removeprefix("ok").strip() for line in lines if line.startswith("ok")), "")
            if code == 0 and said:
                say(f"ok      fuzz: {said}")
                return Count(passed=1)
            say(f"FAILED  fuzz: {name}")
            say("\n".join("        | " + line for line in lines))
            return Count(failed=1)

        return run

    return [run_target(name) for name in names]


# -- Python suites


def python_suite(label, files, extra=(), env=None, seconds=1200, only=()):
    def run():
        with tempfile.TemporaryDirectory(prefix="sp-counts-") as folder:
            counts = pathlib.Path(folder) / "counts.json"
            full = dict(os.environ, PYTHONPATH=str(HERE), PYTHONDONTWRITEBYTECODE="1", **(env or {}))
            command = ["/usr/bin/python3", "-m", "harness.suite", "--label", label, "--counts", str(counts)]
            command += [f"--exactly={name}" for name in only]
            code, block = 1, []
            for line in spawn([*command, *extra, *map(str, files)], env=full, seconds=seconds):
                if isinstance(line, int):
                    code = line
                elif line.startswith("        | "):
                    block.append(line)
                else:
                    say("\n".join([*block, line]))
                    block = []
            if block:
                say("\n".join(block))
            try:
                data = json.loads(counts.read_text())
                count = Count(data["passed"], data["failed"], data["skipped"])
                if data["failures"] and not only:
                    count.again = python_suite(label + ", alone", files, extra, env, seconds, data["failures"])
                return count
            except (OSError, ValueError):
                say(f"FAILED  {label}: the suite ended early with code {code}")
                return Count(failed=1)

    return run


def brokers(name, only):
    """One run of these tests for each Mosquitto: Debian 12's own, 13's and forky's."""
    files = sorted((HERE / name).glob("*_test.py"))
    wanted = os.environ.get("SALLYPORT_BROKERS", "installed trixie forky").split()

    def with_suite(suite):
        def run():
            folder = broker_folder() / suite
            *lines, code = spawn([str(HERE / "debian_broker"), suite, str(folder)], seconds=300)
            if code != 0:
                say(f"FAILED  {name} {suite}: this Mosquitto could not be had")
                say("\n".join("        | " + line for line in lines))
                return Count(failed=1)
            say(f"ok      {name} {suite}: {lines[-1] if lines else ''}")
            env = {"SALLYPORT_TEST_BROKER": str(folder / "run-mosquitto"), "SALLYPORT_TEST_BROKER_NAME": suite}
            return python_suite(f"{name} {suite}", files, only, env)()

        return run

    jobs = []
    for suite in wanted:
        if suite == "installed":
            jobs.append(python_suite(name, files, only, {"SALLYPORT_TEST_BROKER": "/usr/sbin/mosquitto"}))
        else:
            jobs.append(with_suite(suite))
    return jobs


def broker_folder():
    """Where the other Debian suites' brokers are unpacked: a place that the user mosquitto can enter."""
    folder = pathlib.Path(f"/var/tmp/sallyport-brokers-{os.geteuid()}")
    folder.mkdir(mode=0o755, exist_ok=True)
    state = folder.lstat()
    if folder.is_symlink() or state.st_uid != os.geteuid() or state.st_mode & 0o022:
        raise SystemExit(f"run.py: {folder} is not ours alone\n  hint: remove it")
    return folder


MOST_AGAIN = 20  # more than that is no matter of a busy machine


def run_again(again, total) -> int:
    """Tests that measure real time share two cores with others, so what failed gets a second try, alone, in the open.

    How many passed only then; `total` is mended by them."""
    failed = sum(count for count, _ in again)
    if not failed or failed > MOST_AGAIN:
        return 0
    say(f"-- {failed} failed beside others; once more, one at a time")
    late = 0
    for first, job in again:
        count = job()
        late += count.passed
        total.failed += count.failed - first
        total.passed += count.passed
    return late


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suites", nargs="*", help="units asan layers cli keys http api console interop differential faults torture broker docs fuzz install speed coverage (all of them if none)")
    parser.add_argument("--all", action="store_true", help="the long suites too")
    parser.add_argument("--only", default="", help="of the Python suites: tests whose sentence holds this")
    options = parser.parse_args()
    only = ["--only", options.only] if options.only else []
    if options.all:
        os.environ["SALLYPORT_TEST_ALL"] = "1"

    def folder(name):
        files = sorted((HERE / name).glob("*_test.py"))
        # The long suite has an hour of a device's life in it.
        return [python_suite(name, files, only, seconds=6000 if name == "long" else 1200)] if files else []

    def long_units(preset, name):
        return units(preset) if options.all or name in options.suites else []

    def long():
        return folder("long") if options.all or "long" in options.suites else []

    def sanitized_http(preset):
        """The daemon itself under a sanitizer, asked by callers over sockets."""
        label = f"http-{preset}"
        if not (options.all or label in options.suites):
            return []
        files = [HERE / "http" / f"{name}_test.py" for name in ("badness", "callers", "canaries", "contracts", "ending", "hold")]
        env = {
            "SALLYPORT_BUILD": str(ROOT / "build" / preset),
            "SALLYPORT_SANITIZED": "1",
            "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1",
            "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
            "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1",
        }
        return [python_suite(label, files, only, env)]

    def bare():
        """Both commands in a Debian 12 that has nothing; its tests are counted as one."""
        *lines, code = spawn([str(HERE / "bare_root")], seconds=3 * 3600)
        said = lines[-1] if lines else "it said nothing"
        good = code == 0 and re.fullmatch(r"[1-9]\d* passed, 0 failed", said) is not None
        say(f"{'ok     ' if good else 'FAILED '} bare: make build and make test in a bare Debian 12: {said}")
        if not good:
            say("\n".join("        | " + line for line in lines if not line.startswith(("ok ", "["))))
        return Count(passed=good, failed=not good)

    def coverage():
        """What the unit tests reach of the rooms that decide, against its bounds."""
        *lines, code = spawn([str(ROOT / "scripts" / "coverage"), "--check"], seconds=3600)
        rooms = [line for line in lines if line.startswith("| ") and " % |" in line]
        good = code == 0 and len(rooms) == 5
        for line in rooms:
            say(f"{'ok     ' if good else '        | '} coverage: {line.strip('| ')}")
        if not good:
            say("FAILED  coverage: a room is under its bounds, or was not measured")
            say("\n".join("        | " + line for line in lines[-40:]))
        return Count(passed=good, failed=not good)

    suites = {
        "layers": lambda: [python_suite("layers", [HERE / "layers_test.py"], only)],
        "broker": lambda: brokers("broker", only),
        "asan": lambda: units("asan"),
        "units": lambda: long_units("release", "units"),
        "tsan": lambda: long_units("tsan", "tsan"),
        "cli": lambda: folder("cli"),
        "keys": lambda: brokers("keys", only),
        "http": lambda: folder("http"),
        "cluster": lambda: folder("cluster"),
        "http-asan": lambda: sanitized_http("asan"),
        "http-tsan": lambda: sanitized_http("tsan"),
        "api": lambda: folder("api"),
        "console": lambda: folder("console"),
        "interop": lambda: folder("interop"),
        "differential": lambda: folder("differential"),
        "faults": lambda: folder("faults"),
        "torture": lambda: folder("torture"),
        "docs": lambda: [python_suite("docs", [HERE / "docs_test.py", HERE / "security_doc_test.py"], only)],
        "fuzz": fuzz,
        "install": lambda: [python_suite("install", [HERE / "install_test.py", HERE / "hardening_test.py", HERE / "runner_test.py"], only)],
        "speed": lambda: folder("speed"),
        "long": long,
        "coverage": lambda: [coverage] if "coverage" in options.suites else [],
        "bare": lambda: [bare] if options.all or "bare" in options.suites else [],
    }
    wanted = options.suites or list(suites)
    unknown = [name for name in wanted if name not in suites]
    if unknown:
        raise SystemExit(f"run.py: no suite {', '.join(unknown)}\n  hint: {' '.join(suites)}")
    jobs = [job for name in wanted for job in suites[name]()]

    def stop(*_):
        for pid in list(running):
            try:
                os.killpg(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        os._exit(130)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)

    total, again = Count(), []
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        for one in concurrent.futures.as_completed([pool.submit(job) for job in jobs]):
            try:
                count = one.result()
                total.add(count)
                if count.again:
                    again.append((count.failed, count.again))
            except Exception as error:  # a fault of the runner must not read as success
                say(f"FAILED  run.py: {error!r}")
                total.failed += 1
    late = run_again(again, total)
    for line in list(FAILURES):
        print("again: " + line, flush=True)
    if late:
        say(f"({late} passed only when run again alone: see above)")
    if total.skipped:
        say(f"({total.skipped} skipped, each with its reason above)")
    if total.passed == 0:
        total.failed += 1
    say(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
