"""Ten thousand clients at once."""

from harness.fleet_case import FleetCase


class AFleet(FleetCase):
    def test_ten_thousand_clients_whose_tokens_end_together_are_gone_within_three_seconds(self):
        self.all_end_together(10_000)

    def test_ten_thousand_renewals_within_a_minute(self):
        self.all_renew(2000, 10_000, 60)
