"""What the tests of the whole thing share: a real broker, the gate's settings, clients and tokens."""
