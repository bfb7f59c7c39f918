"""The console beside a real broker whose gate has the same settings and store."""

from . import raw_mqtt, tokens
from .broker import Broker
from .console import Console, ConsoleCase


class BesideABroker(ConsoleCase):
    store_settings = f'[jwt]\nsecret = "{tokens.KEY}"\n'

    def setUp(self):
        self.desk = Console(store_settings=self.store_settings)
        gate = self.desk.daemon.gate
        socket = gate.folder / "control.sock"
        gate.write_raw(f'[control]\nsocket = "{socket}"\n' + gate.file.read_text() + f'broker_sockets = ["{socket}"]\n')
        self.broker = Broker(gate)
        self.broker.start()
        self.addCleanup(self.broker.stop)
        self.desk.start()
        self.addCleanup(self._stop, self.desk.daemon)
        self.ada = self.desk.first("ada")

    def connect(self, client_id, token, username="u"):
        """The client, and the code of its CONNACK."""
        client = raw_mqtt.Client(self.broker.port, raw_mqtt.V311)
        self.addCleanup(client.close)
        return client, client.connect(client_id=client_id, username=username, password=token)
