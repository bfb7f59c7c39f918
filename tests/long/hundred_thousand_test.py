"""A fleet by the hundred thousand: tokens issued, users imported and decided on, in the time and memory that are promised."""

import hashlib
import json
import os
import pty
import re
import shutil
import subprocess
import time
import unittest

from harness import gate, machine


def on_a_terminal(command, stdout):
    """(exit code, what it said on its terminal, seconds, peak MiB)"""
    terminal, other = pty.openpty()
    started = time.monotonic()
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=other)
    os.close(other)
    said = b""
    while True:
        try:
            more = os.read(terminal, 65536)
        except OSError:
            break
        if not more:
            break
        said += more
    os.close(terminal)
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    return running.returncode, said.decode(errors="replace"), time.monotonic() - started, usage.ru_maxrss / 1024


class HundredThousand(unittest.TestCase):
    COUNT = 100_000

    def setUp(self):
        self.gate = gate.Gate("")
        self.addCleanup(shutil.rmtree, self.gate.folder, True)

    def test_a_hundred_thousand_es256_tokens_are_issued_in_well_under_a_minute(self):
        folder = self.gate.folder
        subprocess.run([machine.SALLYPORT, "key", "generate", "--type", "es256", "--out", folder / "k"], check=True, capture_output=True)
        table = folder / "devices.csv"
        table.write_text("serial\n" + "".join(f"pump-{n}\n" for n in range(self.COUNT)))
        with open(folder / "tokens.csv", "wb") as out:
            code, said, took, _ = on_a_terminal(
                [machine.SALLYPORT, "token", "issue", "--alg", "ES256", "--key-file", folder / "k" / "key.pem", "--batch", table,
                 "--claim", "sub=${serial}", "--ttl", "2h"], out)  # fmt: skip
        self.assertEqual(code, 0, said)
        lines = (folder / "tokens.csv").read_text().splitlines()
        self.assertEqual(len(lines), self.COUNT + 1)
        self.assertRegex(lines[-1], rf"^pump-{self.COUNT - 1},eyJ")
        self.assertRegex(said, r"\d+ of 100000, \d+ s to go", "progress is shown")
        self.assertLess(took, 45)
        done = subprocess.run(
            [machine.SALLYPORT, "jws", "verify", "--keys", folder / "k" / "key.pub.pem", "--json", "-"],
            input=lines[-1].split(",")[1], capture_output=True, text=True,
        )  # fmt: skip
        self.assertTrue(json.loads(done.stdout)["valid"])

    def test_a_hundred_thousand_users_come_in_in_bounded_memory_and_the_last_is_decided_on_in_seconds(self):
        digest = hashlib.sha256(b"pws4lt").hexdigest()
        table = self.gate.folder / "emqx.csv"
        table.write_text("user_id,password_hash,salt\n" + "".join(f"device-{n:07d},{digest},s4lt\n" for n in range(self.COUNT)))
        code, said, took, memory = on_a_terminal(
            [machine.SALLYPORT, "user", "import", table, "--config", self.gate.file, "--format", "emqx", "--hash", "sha256",
             "--salt-position", "suffix"], subprocess.DEVNULL)  # fmt: skip
        self.assertEqual(code, 0, said)
        self.assertLess(took, 60)
        self.assertLess(memory, 128)
        line = json.dumps({"id": 1, "username": f"device-{self.COUNT - 1:07d}", "clientid": "c", "password": "pw"})
        started = time.monotonic()
        done = self.gate.run("decide", "--config", self.gate.file, "--batch", "-", stdin=line + "\n")
        self.assertEqual(json.loads(done.stdout)["verdict"], "allow")
        self.assertLess(time.monotonic() - started, 5)
        self.assertRegex(self.gate.cli("config", "check"), re.escape("100000 of 100000 users have a weak"))


if __name__ == "__main__":
    unittest.main()
