"""An hour of tokens that live a minute. SALLYPORT_DEVICE_MINUTES is for those who cannot wait."""

import os

from harness.device_case import DeviceCase


class AnHour(DeviceCase):
    def test_devices_live_an_hour_on_tokens_of_a_minute_on_mqtt_5_and_3(self):
        minutes = float(os.environ.get("SALLYPORT_DEVICE_MINUTES", "60"))
        kinds = [("python", 4), ("python", 5), ("javascript", 4), ("c", 4), ("c", 5), ("go", None)]
        self.run_devices(kinds, life=60, seconds=minutes * 60, step=0.5)
