"""The devices of examples/devices against this broker."""

from harness.device_case import DeviceCase


class Devices(DeviceCase):
    def test_devices_in_four_languages_live_on_short_tokens_without_a_reconnect_or_a_lost_message(self):
        kinds = [("python", 4), ("python", 5), ("javascript", 4), ("javascript", 5), ("c", 4), ("c", 5), ("go", None)]
        self.run_devices(kinds, life=6, seconds=20)
