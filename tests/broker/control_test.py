"""Asking the running broker: status, metrics, why."""

import os
import stat

from harness import machine, tokens
from harness.case import V5, BrokerCase
from harness.gate import SECRET

TOKENS = f"[jwt]\n{SECRET}\n"


class Asking(BrokerCase):
    def test_status_tells_version_settings_users_and_health(self):
        gate = self.gate(TOKENS)
        gate.add_user("alice", "wonderland-7")
        self.broker(gate)
        said = gate.cli("status")
        for word in ("ready", str(gate.file)):
            self.assertIn(word, said)
        status = gate.status()
        self.assertEqual(status.get("users"), 1)
        self.assertIn("version", status)
        self.assertNotIn(tokens.KEY, said + str(status))

    def test_metrics_are_prometheus_text_and_count_by_reason(self):
        gate, broker = self.start(TOKENS)
        self.assertGetsIn(broker, username="x", password=tokens.good())
        self.assertStaysOut(broker, username="x", password=tokens.expired())
        text = gate.cli("metrics")
        self.assertRegex(text, r'(?m)^# TYPE \S+ counter$')
        self.assertRegex(text, r'(?m)^sallyport_\S*\{[^}]*reason="expired"[^}]*\} 1$')
        self.assertRegex(text, r'(?m)^sallyport_\S*\{[^}]*reason="token_ok"[^}]*\} 1$')

    def test_why_explains_a_refusal_by_client_id_step_by_step_with_the_mend(self):
        gate, broker = self.start(TOKENS)
        token = tokens.expired()
        self.assertStaysOut(broker, client_id="pump-7", username="x", password=token)
        self.assertGetsIn(broker, client_id="pump-8", username="x", password=tokens.good())
        said = gate.cli("why", "--client-id", "pump-7")
        self.assertIn("expired", said)
        self.assertIn("fresh token", said)
        self.assertNotIn(token.split(".")[2], said)
        self.assertNotIn("pump-8", said)

    def test_why_of_an_unknown_client_says_so(self):
        gate, broker = self.start(TOKENS)
        done = gate.run("why", "--client-id", "nobody", "--config", gate.file)
        self.assertNotEqual(done.returncode, 3)
        self.assertIn("nobody", done.stdout + done.stderr)

    def test_why_last_shows_the_last_decisions_as_json(self):
        gate, broker = self.start(TOKENS)
        self.assertStaysOut(broker, V5, password=tokens.changed(tokens.good()))
        last = gate.last(1)[-1]
        self.assertEqual(last["reason"], "bad_signature")
        self.assertEqual(last["verdict"], "deny")

    def test_the_control_socket_is_the_brokers_alone_and_goes_with_it(self):
        gate = self.gate(TOKENS)
        broker = self.broker(gate)
        path = gate.folder / "control.sock"
        state = path.stat()
        self.assertTrue(stat.S_ISSOCK(state.st_mode))
        self.assertEqual(state.st_mode & 0o077, 0)
        if machine.IS_ROOT:
            self.assertNotEqual(state.st_uid, 0)
        self.assertEqual(broker.stop(), 0)
        self.assertFalse(path.exists())

    def test_a_control_socket_left_by_a_killed_broker_is_no_obstacle(self):
        gate = self.gate(TOKENS)
        broker = self.broker(gate)
        broker.process.kill()
        broker.process.wait()
        broker.process = None
        again = self.broker(gate)
        self.assertEqual(gate.status()["users"], 0)
        self.assertTrue(again.alive())

    def test_without_a_running_broker_the_questions_end_with_3_and_a_hint(self):
        gate = self.gate(TOKENS)
        for words in (("status",), ("reload",), ("metrics",), ("why", "--last", "1")):
            done = gate.run(*words, "--config", gate.file)
            self.assertEqual(done.returncode, 3, words)
            self.assertIn("hint:", done.stderr)

    def test_nonsense_on_the_control_socket_disturbs_nobody(self):
        import socket

        gate, broker = self.start(TOKENS)
        path = str(gate.folder / "control.sock")
        for data in (b"", b"\n", b"\0" * 100, b"GET / HTTP/1.1\r\n\r\n", b"x" * 200000, b'{"command":', os.urandom(5000)):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(5)
                s.connect(path)
                try:
                    s.sendall(data)
                except OSError:
                    pass  # it may hang up in the middle of nonsense
        silent = [socket.socket(socket.AF_UNIX) for _ in range(64)]
        for one in silent:
            one.settimeout(1)
            try:
                one.connect(path)
            except OSError:
                pass
        self.assertGetsIn(broker, username="x", password=tokens.good())
        for one in silent:
            one.close()
        self.eventually(lambda: gate.run("status", "--config", gate.file).returncode == 0)
