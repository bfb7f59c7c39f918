"""The front door: make help, make install, make run with its pasted lines, the package script."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import unittest

from harness import machine

ROOT = machine.ROOT


def environment(**more):
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    return dict(env, **more)


class Front(unittest.TestCase):
    def make(self, *words, **more):
        return subprocess.run(
            ["make", "--no-print-directory", *words], cwd=ROOT, env=environment(**more), capture_output=True, text=True,
            stdin=subprocess.DEVNULL, timeout=600,
        )  # fmt: skip

    def test_make_help_lists_every_public_target(self):
        said = self.make("help").stdout
        for target in ("build", "run", "test", "test-all", "install", "bench", "lint", "fuzz", "clean"):
            self.assertIn(f"make {target} ", said)
        self.assertEqual(self.make().stdout, said)

    def test_a_fuzz_target_that_crashes_is_a_failure_that_names_its_input(self):
        planted = ROOT / "build" / "fuzz" / "targets" / "planted_fuzz"
        planted.parent.mkdir(parents=True, exist_ok=True)
        self.addCleanup(planted.unlink)
        for end, code in (("echo 'stat::number_of_executed_units: 7' >&2; exit 0", 0), ("echo 'broken promise: none' >&2; exit 77", 1)):
            planted.write_text(f"#!/bin/sh\n{end}\n")
            planted.chmod(0o755)
            done = subprocess.run(
                [ROOT / "scripts" / "fuzz", "--built", "1", "planted"], capture_output=True, text=True, timeout=30
            )
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
            self.assertIn("ok      planted: 7 inputs" if code == 0 else "broken promise: none", done.stdout)

    def test_make_install_gives_program_plugin_settings_and_licence_under_destdir(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.make("install", "PREFIX=/opt/sallyport", f"DESTDIR={folder}")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            home = pathlib.Path(folder) / "opt" / "sallyport"
            said = subprocess.run([home / "bin" / "sallyport", "--version"], capture_output=True, text=True)
            self.assertRegex(said.stdout, r"^sallyport \d+\.\d+\.\d+")
            plugins = [path for path in (home / "lib").rglob("*.so") if "mosquitto" in path.name]
            self.assertEqual(len(plugins), 1, plugins)
            self.assertTrue((home / "share" / "doc" / "sallyport" / "LICENSE").is_file())
            settings = home / "share" / "sallyport" / "sallyport.toml"
            self.assertIn("[jwt]", settings.read_text())
            self.assertTrue((home / "share" / "sallyport" / "mosquitto.conf").is_file())
            self.assertIn(f"plugin {str(plugins[0]).removeprefix(folder)}", done.stdout)

    def test_make_install_takes_a_prefix(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.make("install", f"PREFIX={folder}/there")
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            self.assertTrue(os.access(f"{folder}/there/bin/sallyport", os.X_OK))

    def test_installing_packages_that_are_here_says_nothing_and_takes_no_time(self):
        done = subprocess.run(
            [ROOT / "scripts" / "install-packages", "build", "run", "test"], capture_output=True, text=True, timeout=5
        )
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def test_package_lists_name_packages_with_nothing_twice_in_one_list(self):
        for file in (ROOT / "scripts" / "packages").glob("*.txt"):
            names = [line.split("#")[0].strip() for line in file.read_text().splitlines()]
            names = [name for name in names if name]
            self.assertEqual(len(names), len(set(names)), file)
            for name in names:
                self.assertRegex(name, r"^[a-z0-9][a-z0-9+.-]+$")


class Demo(unittest.TestCase):
    """`make run` as a person meets it. Its folder is kept aside while these run."""

    def setUp(self):
        self.aside = None
        run = ROOT / "run"
        if run.exists():
            self.aside = ROOT / f".run-aside-{os.getpid()}"
            run.rename(self.aside)
        self.process = None
        self.said = ""

    def tearDown(self):
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        subprocess.run([ROOT / "scripts" / "run-demo", "--remove"], check=True)
        if self.aside is not None:
            shutil.rmtree(ROOT / "run", ignore_errors=True)
            self.aside.rename(ROOT / "run")

    def start(self, port):
        self.process = subprocess.Popen(
            [ROOT / "scripts" / "run-demo", "--port", str(port)], cwd=ROOT, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        self.said = ""
        ready = threading.Event()

        def read(stream):
            for line in stream:
                self.said += line
                if "Ctrl-C ends it" in line:
                    ready.set()
            ready.set()

        self.reader = threading.Thread(target=read, args=(self.process.stdout,), daemon=True)
        self.reader.start()
        self.assertTrue(ready.wait(30) and "Ctrl-C ends it" in self.said, self.said)

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.assertEqual(self.process.wait(10), 0)
        self.reader.join(10)

    def brokers(self):
        """The process ids of what the script started under the broker's name."""
        out = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                name, fields = (entry / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
                if name == "mosquitto" and int(fields.split()[1]) == self.process.pid:
                    out.append(int(entry.name))
            except (OSError, IndexError):
                pass
        return out

    def pasted(self, start):
        line = next(line for line in self.said.splitlines() if re.match(start, line))
        return subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=30)

    def test_the_lines_of_make_run_do_what_they_say(self):
        port = machine.free_port()
        self.start(port)
        broker = self.brokers()
        self.assertEqual(len(broker), 1)

        lines = [line for line in self.said.splitlines() if line.startswith("mosquitto_pub")]
        self.assertEqual(len(lines), 3)
        token, changed, password = (subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=30) for line in lines)
        self.assertEqual((token.stdout, token.stderr), ("in\n", ""))
        self.assertIn("out", changed.stdout)
        self.assertIn("not authori", changed.stderr.lower())
        self.assertEqual(password.stdout, "in\n")
        # The line that asks why stands before the last client of these; asked again, it tells of the refused one.
        with_changed = next(line for line in lines if "|| echo out" in line)
        subprocess.run(["bash", "-c", with_changed], capture_output=True, timeout=30)
        why = self.pasted(r"\S*/sallyport why ")
        self.assertEqual(why.returncode, 0, why.stderr)
        self.assertIn("bad_signature", why.stdout)

        self.stop(signal.SIGINT)
        for pid in broker:
            self.assertFalse(pathlib.Path(f"/proc/{pid}").exists())
        self.assertTrue(subprocess.run(["git", "check-ignore", "-q", "run/demo"], cwd=ROOT).returncode in (0, 128))

        # Again: the same store, the same user, and SIGTERM ends it as well.
        self.start(port)
        broker = self.brokers()
        again = next(line for line in self.said.splitlines() if " -u alice " in line)
        self.assertEqual(subprocess.run(["bash", "-c", again], capture_output=True, text=True).stdout, "in\n")
        self.stop()
        for pid in broker:
            self.assertFalse(pathlib.Path(f"/proc/{pid}").exists())

    def test_a_taken_port_is_told_with_its_cure(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = subprocess.run([ROOT / "scripts" / "run-demo", "--port", str(port)], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 3)
        self.assertIn(f"port {port} is taken", done.stderr)
        self.assertRegex(done.stderr, r"hint: .*make run PORT=\d+")

    def test_a_port_that_is_none_is_told(self):
        for port in ("0", "65536", "x", "", "-1", "18 83"):
            done = subprocess.run([ROOT / "scripts" / "run-demo", "--port", port], capture_output=True, text=True, timeout=30)
            self.assertEqual(done.returncode, 2, port)
            self.assertIn("make run PORT=", done.stderr)
