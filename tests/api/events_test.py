"""The stream of news: that something is new comes at once, and a stream ends with whom it is for."""

import time

from harness.console import ConsoleCase, Listening


class EventsTest(ConsoleCase):
    def setUp(self):
        self.desk = self.console('[audit]\nkeep = "7d"\n')
        self.ada = self.desk.first("ada")

    def listen(self, seat=None, **named):
        one = Listening(seat or self.ada, **named)
        self.addCleanup(one.wire.close)
        return one

    def test_a_change_is_told_in_under_two_seconds_and_a_program_may_ask_once(self):
        stream = self.listen()
        self.assertEqual((stream.reply.status, stream.reply.headers["content-type"]), (200, "text/event-stream"))
        self.assertEqual(stream.reply.headers["connection"], "close")
        self.assertNotIn("content-length", stream.reply.headers)
        first = stream.next()
        self.assertEqual(sorted(first), ["decisions", "law", "state"])
        began = time.monotonic()
        self.assertStatus(self.ada.post("/users", {"username": "u", "password": "correct horse battery"}), 201)
        self.assertIsNotNone(stream.until(lambda one: one["law"] > first["law"]))
        self.assertLess(time.monotonic() - began, 3)
        now = self.ada.get("/events")
        self.assertStatus(now, 200)
        self.assertGreater(now.json["law"], first["law"])

    def test_a_decision_is_told(self):
        stream = self.listen()
        before = stream.next()["decisions"]
        self.desk.daemon.post_json("/v1/decide", {"clientid": "c", "username": "u", "password": "no"})
        self.assertIsNotNone(stream.until(lambda one: one["decisions"] > before))

    def test_it_ends_with_its_session_and_with_its_token(self):
        bob = self.desk.colleague(self.ada, "bob", "viewer")
        made = self.ada.post("/api-tokens", {"name": "ci", "role": "viewer", "ends_at": int(time.time()) + 600}).json
        program = self.desk.seat()
        program.token = made["token"]
        streams = [self.listen(one) for one in (self.ada, bob, program)]
        for one in streams:
            self.assertIsNotNone(one.next())
        self.assertStatus(self.ada.delete("/administrators/bob/sessions"), 204)
        self.assertStatus(self.ada.delete(f"/api-tokens/{made['id']}"), 204)
        self.assertIsNone(streams[1].until(lambda one: False))
        self.assertIsNone(streams[2].until(lambda one: False))
        before = streams[0].next()  # the beat of whoever is still signed in
        self.assertIsNotNone(before)

    def test_nobody_listens_without_a_session_and_nobody_opens_more_than_eight(self):
        self.assertEqual(self.listen(self.desk.seat()).reply.status, 401)
        bob = self.desk.colleague(self.ada, "bob", "viewer")
        streams = [self.listen(bob) for _ in range(8)]
        self.assertEqual([one.reply.status for one in streams], [200] * 8)
        refused = self.listen(bob).reply
        self.assertStatus(refused, 429, "slow_down")
        self.assertIn("retry-after", refused.headers)
        self.assertEqual(self.listen().reply.status, 200)  # another's are not his
        streams[0].wire.close()
        end = time.monotonic() + 5
        while self.listen(bob).reply.status != 200:  # who leaves makes room at once
            self.assertLess(time.monotonic(), end)

    def test_a_head_has_no_stream_and_a_stop_of_the_daemon_ends_it(self):
        self.assertTrue(self.listen(head="HEAD").wire.is_closed())
        stream = self.listen()
        stream.next()
        began = time.monotonic()
        self.desk.daemon.stop()
        self.assertIsNone(stream.until(lambda one: False))
        self.assertLess(time.monotonic() - began, 5)


if __name__ == "__main__":
    import unittest

    unittest.main()
