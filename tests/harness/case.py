"""A test case with a broker: what is started is stopped, and a broker that ends badly fails its test."""

import os
import shutil
import unittest

from . import machine, raw_mqtt
from .broker import Broker, Listener, current_version
from .gate import Gate
from .raw_mqtt import CLOSED, REFUSED, V5, V31, V311

VERSIONS = (V31, V311, V5)


class BrokerCase(unittest.TestCase):
    def gate(self, *words, **named) -> Gate:
        gate = Gate(*words, **named)
        if not os.environ.get("SALLYPORT_KEEP"):
            self.addCleanup(shutil.rmtree, gate.folder, True)
        return gate

    def broker(self, gate, *words, **named) -> Broker:
        broker = Broker(gate, *words, **named)
        broker.start()
        self.addCleanup(self._stop, broker)
        return broker

    def _stop(self, broker):
        code = broker.stop()
        self.assertEqual(code, 0, f"the broker ended with code {code}:\n{broker.log()[-3000:]}")

    def start(self, settings, **named):
        """(gate, broker) with these settings."""
        gate = self.gate(settings)
        return gate, self.broker(gate, **named)

    # -- what one CONNECT earns

    def code(self, broker, version=V311, **fields):
        fields.setdefault("client_id", "c-1")
        return raw_mqtt.connack(broker.port, version, **fields)

    def assertGetsIn(self, broker, version=V311, **fields):
        code = self.code(broker, version, **fields)
        self.assertEqual(code, 0, f"version {version}: not in; the log ends:\n{broker.log()[-1500:]}")

    def assertStaysOut(self, broker, version=V311, reason=None, **fields):
        code = self.code(broker, version, **fields)
        self.assertEqual(code, REFUSED[version], f"version {version}; the log ends:\n{broker.log()[-1500:]}")
        if reason is not None:
            self.assertEqual(broker.gate.last_reason(), reason)

    def client(self, broker, version=V311, **fields) -> raw_mqtt.Client:
        """A client that is in."""
        fields.setdefault("client_id", "c-1")
        client = raw_mqtt.Client(broker.port, version)
        self.addCleanup(client.close)
        self.assertEqual(client.connect(**fields), 0, broker.log()[-1500:])
        return client

    def eventually(self, what, message="it never came", seconds=10.0):
        value = machine.wait_until(what, seconds)
        self.assertTrue(value, message)
        return value


__all__ = [
    "BrokerCase", "Broker", "Gate", "Listener", "VERSIONS", "V31", "V311", "V5", "CLOSED", "REFUSED",
    "current_version", "machine", "raw_mqtt",
]  # fmt: skip
