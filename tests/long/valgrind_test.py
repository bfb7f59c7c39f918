"""A plugin's whole life under valgrind: loaded, reloaded SALLYPORT_RELOADS times with clients between, unloaded."""

import os
import pathlib
import re

from harness import tokens
from harness.broker import Kind, current_kind
from harness.case import V5, BrokerCase
from harness.gate import SECRET
from harness.keys import Pair, key_set

SUPPRESSED = pathlib.Path(__file__).with_name("valgrind.supp")
RELOADS = int(os.environ.get("SALLYPORT_RELOADS", "1000"))


class ALife(BrokerCase):
    def settings(self, keys, number):
        leeway, rules = f"{number % 3}s", '[[topic_rules]]\npermission = "deny"\ntopics = ["no/#"]\n' * (number % 2)
        return f'[jwt]\n{SECRET}\nleeway = "{leeway}"\njwks_file = "{keys}"\n{rules}'

    def under_valgrind(self, gate):
        kept = gate.folder / "valgrind.txt"
        words = ("valgrind", "--leak-check=full", "--errors-for-leak-kinds=definite", "--keep-debuginfo=yes", f"--suppressions={SUPPRESSED}", f"--log-file={kept}")
        return Kind("valgrind", (*words, *current_kind().command)), kept

    def visit(self, broker, pair):
        self.assertGetsIn(broker, V5, username="x", password=pair.token())
        self.assertGetsIn(broker, username="x", password=tokens.good())
        self.assertGetsIn(broker, username="alice", password="right as rain")
        self.assertStaysOut(broker, V5, username="x", password=tokens.changed(tokens.good()))

    def test_nothing_is_lost_or_read_that_was_never_written_from_load_to_unload(self):
        gate = self.gate("")
        pair, keys = Pair("a"), gate.folder / "keys.json"
        keys.write_bytes(key_set(pair))
        keys.chmod(0o644)
        gate.write(self.settings(keys, 0))
        gate.add_user("alice", "right as rain")
        kind, kept = self.under_valgrind(gate)
        broker = self.broker(gate, kind=kind)
        self.eventually(lambda: self.code(broker, username="x", password=pair.token()) == 0, "the key came", 30)
        for number in range(1, RELOADS + 1):
            gate.write(self.settings(keys, number))
            gate.reload()
            if number % 50 == 0 or number == 1:
                self.visit(broker, pair)
        self.visit(broker, pair)
        self.assertEqual(broker.stop(120), 0)
        said = kept.read_text(errors="replace")
        self.assertRegex(said, r"ERROR SUMMARY: 0 errors", said[-6000:])
        lost = re.search(r"definitely lost: ([\d,]+) bytes", said)
        self.assertTrue(lost is None or lost.group(1) == "0", said[-6000:])


if __name__ == "__main__":
    import unittest

    unittest.main()
