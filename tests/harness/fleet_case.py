"""What a fleet must see when its tokens end together, and when all of it renews; small here, large in the long suite."""

import time

from . import machine, raw_mqtt, tokens
from .case import BrokerCase
from .fleet import Fleet
from .gate import SECRET

RENEW = "$CONTROL/sallyport/v1/renew"


class FleetCase(BrokerCase):
    def all_end_together(self, count):
        self.assertTrue(machine.many_files(count + 1000), f"{count} clients need as many files (ulimit -n)")
        gate, broker = self.start(f'[session]\nnotice = "0s"\n[jwt]\n{SECRET}\n')
        staying = self.client(broker, client_id="stays", username="x", password=tokens.good())
        # They must all be in before the first ends: how long that takes on this machine now, a tenth of them tells.
        with Fleet(broker.port) as first:
            began = time.monotonic()
            first.connect([(f"f-{i}", tokens.good(f"d-{i}")) for i in range(count // 10)], seconds=120)
            pace = count / 10 / (time.monotonic() - began)
        end = int(time.time()) + 5 + int(count / min(pace / 1.5, 300))
        with Fleet(broker.port) as fleet:
            fleet.connect([(f"c-{i}", tokens.hs({"sub": f"d-{i}", "exp": end})) for i in range(count)], seconds=240)
            self.assertLess(time.time(), end, "the machine was too slow for this test's tokens")
            self.assertEqual(len(fleet.admitted), count)
            pings = []
            while fleet.sockets and time.time() < end + 30:
                before = time.monotonic()
                if time.time() >= end - 0.5:
                    self.assertTrue(staying.ping())
                    pings.append(time.monotonic() - before)
                fleet.step(0.02)
            self.assertEqual(fleet.sockets, {}, "some are still here")
            self.assertGreaterEqual(min(fleet.gone_at.values()), end - 0.1)
            self.assertLessEqual(max(fleet.gone_at.values()) - end, 3.0, "all gone in three seconds")
            self.assertLess(max(pings), 0.5, "the broker answers meanwhile")
        self.assertIn(f"sallyport_ended_sessions_total {count}", gate.cli("metrics"))

    def all_renew(self, clients, renewals, seconds):
        self.assertTrue(machine.many_files(clients + 1000))
        gate, broker = self.start(f'[session]\nnotice = "0s"\n[jwt]\n{SECRET}\n')
        staying = self.client(broker, client_id="stays", username="x", password=tokens.good())
        end = int(time.time()) + 600
        with Fleet(broker.port) as fleet:
            fleet.connect([(f"c-{i}", tokens.hs({"sub": f"d-{i}", "exp": end})) for i in range(clients)])
            topic = raw_mqtt._field(RENEW)
            made = [tokens.hs({"sub": f"d-{i % clients}", "exp": end + 1 + i // clients}) for i in range(renewals)]
            started, pings = time.monotonic(), []
            for i, token in enumerate(made):
                fleet.send(f"c-{i % clients}", raw_mqtt.packet(raw_mqtt.PUBLISH, 0, topic + token.encode()))
                if i % 500 == 0:
                    before = time.monotonic()
                    self.assertTrue(staying.ping())
                    pings.append(time.monotonic() - before)
                    fleet.step(0)
            while fleet.messages < renewals and time.monotonic() < started + seconds:
                fleet.step(0.05)
            self.assertEqual(fleet.messages, renewals, f"answers within {seconds} s")
            self.assertEqual(len(fleet.admitted), clients)
            self.assertLess(max(pings), 1.0)
        self.assertIn(f"sallyport_renewals_total {renewals}", gate.cli("metrics"))
