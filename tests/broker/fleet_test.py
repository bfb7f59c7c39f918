"""A thousand clients at once; ten times as many in the long suite."""

from harness.fleet_case import FleetCase


class ASmallFleet(FleetCase):
    def test_a_thousand_clients_whose_tokens_end_together_are_gone_within_three_seconds(self):
        self.all_end_together(1000)

    def test_five_hundred_clients_renew_two_thousand_times_in_ten_seconds(self):
        self.all_renew(500, 2000, 10)
