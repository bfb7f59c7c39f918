"""The machine under the gate fails: it answers from what it has, fails closed, says what is wrong, and recovers."""

import os
import shutil
import socket
import subprocess
import time

from harness import key_server as ks
from harness import machine, tokens
from harness.broker import Broker, Kind, current_kind
from harness.case import V5, BrokerCase, raw_mqtt
from harness.faults import Faults
from harness.keys import Pair, key_set

HOUR, YEAR = 3600, 365 * 86400


class FaultCase(BrokerCase):
    def setUp(self):
        self.told = []

    def start_faulty(self, settings=f'[jwt]\nsecret = "{tokens.KEY}"\n', before=()):
        """(gate, broker, faults): a broker on a machine whose faults can be switched; `before`: already at its start."""
        gate = self.gate(settings)
        faults = Faults(gate.folder)
        faults.set(*before)
        kind = current_kind()
        broker = self.broker(gate, kind=Kind(kind.name, faults.command(*kind.command)))
        return gate, broker, faults

    def knows_ann(self, gate, broker):
        gate.add_user("ann", "correct horse battery")
        self.eventually(lambda: self.ann(broker) == 0, "a user of the store never came in")

    def ann(self, broker, password="correct horse battery"):
        return self.code(broker, username="ann", password=password)

    def assertJudgesWell(self, broker):
        """A good token is in, a changed one is out, whatever the machine does."""
        self.assertGetsIn(broker, username="x", password=tokens.good())
        self.assertStaysOut(broker, username="x", password=tokens.good()[:-2] + "AA")

    def cli_on(self, faults, *words, stdin=None, gate=None):
        """The command line, on the failing machine."""
        return subprocess.run(
            [*faults.command(str(machine.SALLYPORT)), *map(str, words), "--config", str(gate.file)],
            input=stdin, capture_output=True, text=True, timeout=60,
        )  # fmt: skip


class TheDisk(FaultCase):
    def test_what_cannot_be_written_is_said_and_leaves_nothing_behind(self):
        gate, broker, faults = self.start_faulty()
        self.knows_ann(gate, broker)
        users = gate.cli("user", "list")
        for fault in ("full", "sync", "read_only"):
            with self.subTest(fault), faults(fault):
                done = self.cli_on(faults, "user", "add", "bob", "--password-stdin", stdin="another horse\n", gate=gate)
                self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
                self.assertNotEqual(done.stderr.strip(), "")
                self.assertNotIn("another horse", done.stdout + done.stderr)
                self.assertGreater(faults.happened(fault), 0)
                self.assertJudgesWell(broker)
                self.assertEqual(self.ann(broker), 0)
            self.assertEqual(gate.cli("user", "list"), users, "a change that was refused is there")
        done = self.cli_on(faults, "user", "add", "bob", "--password-stdin", stdin="another horse\n", gate=gate)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.eventually(lambda: self.code(broker, username="bob", password="another horse") == 0)

    def test_a_full_disk_in_the_middle_of_an_import_leaves_the_store_as_it_was(self):
        gate, broker, faults = self.start_faulty()
        self.knows_ann(gate, broker)
        rows = gate.folder / "users.csv"
        rows.write_text("username,password_hash,salt\n" + "".join(f"u{n},{'0' * 64},s\n" for n in range(20000)))
        with faults("full"):
            done = self.cli_on(faults, "user", "import", rows, "--hash", "sha256", "--salt-position", "suffix", gate=gate)
        self.assertEqual(done.returncode, 3, done.stdout[-500:] + done.stderr[-500:])
        self.assertIn("ann", gate.cli("user", "list"))
        self.assertNotIn("u1", gate.cli("user", "list"))
        self.assertEqual(self.ann(broker), 0)

    def test_a_store_that_goes_away_or_breaks_shuts_nobody_out_and_is_said(self):
        gate, broker, faults = self.start_faulty()
        self.knows_ann(gate, broker)
        kept = gate.folder / "kept.db"
        for way in ("gone", "garbage"):
            with self.subTest(way):
                for suffix in ("", "-wal", "-shm"):
                    here = gate.folder / f"store.db{suffix}"
                    if here.exists():
                        shutil.move(here, f"{kept}{suffix}")
                if way == "garbage":
                    gate.store_file.write_bytes(os.urandom(64 * 1024))
                    machine.give_to_broker(gate.store_file, 0o640)
                self.eventually(lambda: "degraded" in gate.cli("status") or "store" in gate.cli("status").split("settings")[0])
                self.assertEqual(self.ann(broker), 0, "whoever was known is known still")
                self.assertStaysOut(broker, username="ann", password="a wrong one")
                self.assertJudgesWell(broker)
                gate.store_file.unlink(missing_ok=True)
                for suffix in ("", "-wal", "-shm"):
                    if os.path.exists(f"{kept}{suffix}"):
                        shutil.move(f"{kept}{suffix}", gate.folder / f"store.db{suffix}")
                self.eventually(lambda: "alive, ready\n" in gate.cli("status"), "it never recovered")
                gate.set_password("ann", "correct horse battery")
                self.eventually(lambda: self.ann(broker) == 0)

    def test_keys_that_cannot_be_kept_on_disk_serve_all_the_same(self):
        old, new = Pair("old"), Pair("new")
        gate = self.gate("")
        certificates = ks.Certificates(gate.folder)
        way = ks.Way(certificates)
        self.addCleanup(way.stop)
        way.document = key_set(old)
        gate.write(f'[jwt]\njwks_url = "{way.url}"\njwks_ca_file = "{certificates.file}"\njwks_cooldown = "1s"\naudience = "mqtt"\n')
        faults = Faults(gate.folder)
        kind = current_kind()
        broker = self.broker(gate, kind=Kind(kind.name, faults.command(*kind.command)))
        connect = lambda pair: raw_mqtt.connack(broker.port, V5, client_id="c", username="x", password=pair.token(aud="mqtt"))
        self.eventually(lambda: connect(old) == 0)
        for fault in ("full", "rename", "read_only"):
            with self.subTest(fault), faults(fault):
                way.document = key_set(new) if fault != "rename" else key_set(old)
                wanted = new if fault != "rename" else old
                gate.cli("keys", "refresh")
                self.eventually(lambda: connect(wanted) == 0, "keys that could not be kept did not serve")


class TheClock(FaultCase):
    def test_a_clock_that_jumps_lets_nobody_in_who_should_be_out_and_mends_itself(self):
        gate, broker, faults = self.start_faulty()
        now = int(time.time())
        hour = tokens.hs({"sub": "d", "exp": now + HOUR})
        later = tokens.hs({"sub": "d", "nbf": now - 60, "exp": now + 200 * YEAR})
        past = tokens.hs({"sub": "d", "exp": now - 60})
        for shift, expected in (
            (-HOUR, {"hour": True, "later": False, "past": True}),
            (10 * YEAR, {"hour": False, "later": True, "past": False}),
            (2**31 - now + 5, {"hour": False, "later": True, "past": False}),  # 2038
            (2**32 - now + 5, {"hour": False, "later": True, "past": False}),  # 2106
            (0, {"hour": True, "later": True, "past": False}),
        ):
            faults.shift_clock(shift)
            for name, token in (("hour", hour), ("later", later), ("past", past)):
                with self.subTest(shift=shift, token=name):
                    # An hour back, the past token's end is to come: what the clock says is what counts.
                    (self.assertGetsIn if expected[name] else self.assertStaysOut)(broker, username="x", password=token)

    def test_the_control_socket_and_the_watcher_live_through_a_jump(self):
        gate, broker, faults = self.start_faulty()
        self.knows_ann(gate, broker)
        for n, shift in enumerate((-HOUR, 10 * YEAR, 0)):
            faults.shift_clock(shift)
            gate.set_password("ann", f"password number {n}")
            self.eventually(lambda: self.ann(broker, f"password number {n}") == 0, f"after {shift} s no change came through")


class Scarcity(FaultCase):
    def test_without_file_descriptors_decisions_go_on(self):
        gate, broker, faults = self.start_faulty()
        self.knows_ann(gate, broker)
        with faults("no_files"), socket.socket(socket.AF_UNIX) as asks:
            asks.connect(str(gate.folder / "control.sock"))
            self.eventually(lambda: faults.happened("no_files") > 0, "nothing ever wanted a descriptor")
            gate.set_password("ann", "a second password")
            self.assertJudgesWell(broker)
        self.eventually(lambda: self.ann(broker, "a second password") == 0, "the change never came through")
        self.assertIn("alive, ready", gate.cli("status"))

    def test_without_memory_for_large_things_decisions_go_on(self):
        gate, broker, faults = self.start_faulty()
        self.knows_ann(gate, broker)
        with faults("memory"):
            self.assertJudgesWell(broker)
            long = tokens.hs({"sub": "d", "exp": int(time.time()) + HOUR, "pad": "x" * 40000})
            code = self.code(broker, username="x", password=long)
            self.assertIn(code, (0, 3, 5, "closed"))
            self.assertStaysOut(broker, username="x", password=long[:-2] + "AA")
            rows = gate.folder / "users.csv"
            rows.write_text("username,password_hash,salt\n" + "".join(f"u{n},{'0' * 64},s\n" for n in range(5000)))
            gate.cli("user", "import", rows, "--hash", "sha256", "--salt-position", "suffix")
            self.eventually(lambda: faults.happened("memory") > 0, "nothing large was ever asked for")
            self.assertJudgesWell(broker)
        self.eventually(lambda: gate.status()["users"] == 5001, "the change never came through")
        self.assertEqual(self.ann(broker), 0)

    def test_without_threads_the_broker_does_not_start_and_says_so(self):
        gate = self.gate()
        faults = Faults(gate.folder)
        faults.set("threads")
        kind = current_kind()
        broker = Broker(gate, kind=Kind(kind.name, faults.command(*kind.command)))
        self.addCleanup(broker.stop)
        self.assertNotEqual(broker.start_expecting_failure(), 0)
        self.assertGreater(faults.happened("threads"), 0)
        self.assertRegex(broker.log(), r"sallyport: .*thread")

    def test_calls_that_are_interrupted_every_second_time_are_made_again(self):
        gate, broker, faults = self.start_faulty()
        with faults("interrupted"):
            self.knows_ann(gate, broker)
            self.assertJudgesWell(broker)
            done = self.cli_on(faults, "status", gate=gate)
            self.assertEqual(done.returncode, 0, done.stderr)
            done = self.cli_on(faults, "user", "add", "eve", "--password-stdin", stdin="interrupted horse\n", gate=gate)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.eventually(lambda: self.code(broker, username="eve", password="interrupted horse") == 0)
        self.assertGreater(faults.happened("interrupted"), 10)
