"""The plugin's descriptors are in a table of their own: the broker's thread pays no count for them, no client's connection
stays open in ours, and neither side can take the other's last one."""

import os
import pathlib
import socket

from harness import tokens
from harness.case import V311, BrokerCase
from harness.gate import SECRET

TOKENS = f"[jwt]\n{SECRET}\n"


def table(pid, thread):
    links = []
    for entry in pathlib.Path(f"/proc/{pid}/task/{thread}/fd").iterdir():
        try:
            links.append(os.readlink(entry))
        except FileNotFoundError:  # closed while we looked
            continue
    return links


def tables(broker):
    """The broker's own, and those of the plugin's threads."""
    pid = broker.process.pid
    threads = [int(one) for one in os.listdir(f"/proc/{pid}/task")]
    return table(pid, pid), [table(pid, thread) for thread in threads if thread != pid]


class DescriptorsOfItsOwn(BrokerCase):
    def test_the_control_socket_is_in_the_tables_of_the_plugins_threads_and_not_in_the_brokers(self):
        gate, broker = self.start(TOKENS)
        lines = pathlib.Path("/proc/net/unix").read_text().splitlines()
        (inode,) = {line.split()[-2] for line in lines if line.endswith(f"{gate.folder}/control.sock")}
        own, others = tables(broker)
        self.assertGreater(len(others), 1)
        for one in others:
            self.assertIn(f"socket:[{inode}]", one)
        self.assertNotIn(f"socket:[{inode}]", own)

    def test_no_connection_of_a_client_is_in_them(self):
        gate, broker = self.start(TOKENS)
        client = self.client(broker, V311, client_id="a", username="meter", password=tokens.good("meter"))
        self.assertTrue(client.ping())
        own, others = tables(broker)
        sockets = {link for link in own if link.startswith("socket:")}
        self.assertGreater(len(sockets), 1)  # where it listens, and the client
        for one in others:
            self.assertFalse(sockets & set(one))

    def test_a_client_who_is_refused_sees_the_connection_end_at_once(self):
        gate, broker = self.start(TOKENS)
        with socket.create_connection(("127.0.0.1", broker.port), timeout=5) as stranger:
            stranger.sendall(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04evil")
            self.assertEqual(stranger.recv(4)[:2], b"\x20\x02")
            self.assertEqual(stranger.recv(1), b"")
