"""Devices as docs/devices.md has them, on tokens that live a short while: none reconnects, and no message is lost."""

import sys
import threading
import time

from . import devices, peers, raw_mqtt, tokens
from .case import BrokerCase
from .gate import SECRET


class DeviceCase(BrokerCase):
    def token_command(self, gate, life):
        """What asks an issuer in life: prints a token of this device that lives so many seconds."""
        path = gate.folder / "issue.py"
        path.write_text(
            f"import sys, time\nsys.path.insert(0, {str(devices.machine.ROOT / 'tests')!r})\nfrom harness import tokens\n"
            f"print(tokens.hs({{'sub': sys.argv[1], 'exp': int(time.time()) + {life}}}))\n"
        )
        return lambda subject: f"/usr/bin/python3 {path} {subject}"

    def watch(self, broker, got, stop):
        """All that arrives below devices/, in its order."""
        watcher = self.client(broker, client_id="watcher", username="w", password=tokens.hs({"sub": "watcher"}))
        watcher.subscribe("devices/#", 0)

        def read():
            watcher.socket.settimeout(0.5)
            last = time.monotonic()
            while not stop.is_set():
                try:
                    topic, payload = watcher.message()
                    got.setdefault(topic.split("/")[1], []).append(payload.decode())
                except TimeoutError:
                    pass
                if time.monotonic() - last > 20:
                    last = time.monotonic()
                    watcher.send(raw_mqtt.packet(raw_mqtt.PINGREQ, 0, b""))

        thread = threading.Thread(target=read)
        thread.start()
        return thread

    def start_devices(self, broker, gate, kinds, life):
        issue = self.token_command(gate, life)
        made = {}
        for language in sorted({language for language, _ in kinds}):
            try:
                made[language] = devices.command(language)
            except peers.Missing as why:
                print(f"        ({language} is left out: {why})", file=sys.stderr)
        started = []
        for language, version in kinds:
            if language not in made:
                continue
            name = f"{language}-{version or 5}"
            device = devices.Device(made[language], broker.port, name, issue(name), version)
            self.addCleanup(device.close)
            started.append(device)
        for device in started:
            self.eventually(lambda: "connected" in device.said(), f"{device.client_id}: {device.said()}", 20)
        return started

    def revoke(self, gate, running):
        """Each is out within a second of being revoked, and does not come back."""
        for device in running:
            gate.cli("revoke", "add", "--principal", device.client_id, "--why", "by the test")
            revoked = time.monotonic()
            self.eventually(lambda: "disconnected" in device.said(), f"{device.client_id} is still here", 5)
            self.assertLess(time.monotonic() - revoked, 1.0, device.client_id)
        time.sleep(1)
        for device in running:
            self.assertEqual(device.said().splitlines().count("connected"), 1, device.said()[-500:])

    def run_devices(self, kinds, life, seconds, step=0.2):
        gate, broker = self.start(f"[jwt]\n{SECRET}\n")
        got, stop = {}, threading.Event()
        thread = self.watch(broker, got, stop)
        try:
            running = self.start_devices(broker, gate, kinds, life)
            self.assertTrue(running, "no device could be had")
            sent, end = 0, time.monotonic() + seconds
            while time.monotonic() < end:
                sent += 1
                for device in running:
                    device.send(str(sent))
                time.sleep(step)
            wanted = [str(n) for n in range(1, sent + 1)]
            for device in running:
                self.eventually(lambda: len(got.get(device.client_id, [])) >= sent, f"{device.client_id}: messages are missing")
                said = device.said()
                with self.subTest(device.client_id):
                    self.assertEqual(got[device.client_id], wanted, "each message once, in its order")
                    self.assertEqual(said.splitlines().count("connected"), 1, said[-2000:])
                    self.assertNotIn("disconnected", said)
                    self.assertNotIn("refused", said)
                    # Told at half of a life; a slow machine loses a few.
                    self.assertGreaterEqual(said.count("renewed"), int(seconds / life) - 1, said[-2000:])
            self.assertFalse("session_ended" in broker.log(), "the gate sent somebody away")
            self.revoke(gate, running)
        finally:
            stop.set()
            thread.join()
