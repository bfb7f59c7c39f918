"""MQTT by the byte: what a CONNECT of 3.1, 3.1.1 or 5 says, and exactly what comes back.

Client libraries hide the codes, refuse to send what a stranger would send, and
reconnect by themselves; none of that is wanted here.
"""

import dataclasses
import socket
import ssl
import struct

from .web_socket import WebSocket

V31, V311, V5 = 3, 4, 5

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP = range(1, 8)
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH = range(8, 16)

REFUSED = {V31: 5, V311: 5, V5: 0x87}
CLOSED = "closed"


def _length(n: int) -> bytes:
    out = b""
    while True:
        n, digit = divmod(n, 128)
        out += bytes([digit | (0x80 if n else 0)])
        if not n:
            return out


def _field(data) -> bytes:
    data = data.encode() if isinstance(data, str) else bytes(data)
    return struct.pack("!H", len(data)) + data


def packet(kind: int, flags: int, body: bytes) -> bytes:
    return bytes([kind << 4 | flags]) + _length(len(body)) + body


@dataclasses.dataclass
class Will:
    topic: str
    payload: bytes = b"will"
    qos: int = 0
    delay: int = 0


def connect_packet(
    version=V311,
    client_id="",
    username=None,
    password=None,
    clean=True,
    keepalive=60,
    will=None,
    auth_method=None,
    auth_data=None,
    session_expiry=None,
) -> bytes:
    flags = 0x02 if clean else 0
    payload = _field(client_id)
    if will is not None:
        flags |= 0x04 | will.qos << 3
        if version == V5:
            properties = b"" if not will.delay else b"\x18" + struct.pack("!I", will.delay)
            payload += _length(len(properties)) + properties
        payload += _field(will.topic) + _field(will.payload)
    if username is not None:
        flags |= 0x80
        payload += _field(username)
    if password is not None:
        flags |= 0x40
        payload += _field(password)
    name = "MQIsdp" if version == V31 else "MQTT"
    head = _field(name) + bytes([version, flags]) + struct.pack("!H", keepalive)
    if version == V5:
        properties = b""
        if session_expiry is not None:
            properties += b"\x11" + struct.pack("!I", session_expiry)
        if auth_method is not None:
            properties += b"\x15" + _field(auth_method)
        if auth_data is not None:
            properties += b"\x16" + _field(auth_data)
        head += _length(len(properties)) + properties
    return packet(CONNECT, 0, head + payload)


class Client:
    """One connection. `connect` gives the CONNACK's code, or CLOSED where none came."""

    def __init__(self, port, version=V311, timeout=10.0, tls=None, host="127.0.0.1", web_socket=False):
        self.version = version
        self.socket = socket.create_connection((host, port), timeout)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if web_socket:
            self.socket = WebSocket(self.socket)
        self.code = None
        self.properties = b""  # of CONNACK, as they came
        self._next_id = 0
        self._kept = []  # messages that came while something else was waited for

    # -- bytes

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def _read(self, n: int) -> bytes:
        data = b""
        while len(data) < n:
            part = self.socket.recv(n - len(data))
            if not part:
                raise ConnectionError("closed")
            data += part
        return data

    def receive(self):
        """(kind, flags, body), or None where the broker closed the connection."""
        try:
            first = self._read(1)[0]
            length, shift = 0, 0
            while True:
                digit = self._read(1)[0]
                length |= (digit & 0x7F) << shift
                shift += 7
                if not digit & 0x80:
                    break
            return first >> 4, first & 15, self._read(length) if length else b""
        except (ConnectionError, ssl.SSLError):
            return None

    def expect(self, kind):
        """The body of the next packet, which must be of this kind; messages in between are kept for `message`."""
        while True:
            got = self.receive()
            if got is None:
                raise ConnectionError(f"closed while waiting for packet {kind}")
            if got[0] == kind:
                return got[2]
            if got[0] == PUBLISH:
                self._kept.append(got)
                continue
            raise AssertionError(f"packet {got[0]} {got[2]!r} came instead of {kind}")

    # -- packets

    def connect(self, **fields):
        self.send(connect_packet(version=self.version, **fields))
        return self.answer()

    def answer(self):
        got = self.receive()
        if got is None:
            self.code = CLOSED
        elif got[0] == CONNACK:
            self.code, self.properties = got[2][1], got[2][3:]
        else:
            raise AssertionError(f"packet {got[0]} {got[2]!r} came instead of CONNACK")
        return self.code

    def _id(self) -> bytes:
        self._next_id += 1
        return struct.pack("!H", self._next_id)

    def _no_properties(self) -> bytes:
        return b"\x00" if self.version == V5 else b""

    def ping(self) -> bool:
        """Is this connection alive?"""
        try:
            self.send(packet(PINGREQ, 0, b""))
            self.expect(PINGRESP)
            return True
        except (OSError, AssertionError):
            return False

    def subscribe(self, topic, qos=0) -> int:
        """The one code of SUBACK."""
        self.send(packet(SUBSCRIBE, 2, self._id() + self._no_properties() + _field(topic) + bytes([qos])))
        return self.expect(SUBACK)[-1]

    def publish(self, topic, payload=b"", qos=0, retain=False):
        """With QoS 1: the code of PUBACK, 0 where it has none."""
        body = _field(topic) + (self._id() if qos else b"") + self._no_properties()
        payload = payload.encode() if isinstance(payload, str) else payload
        self.send(packet(PUBLISH, qos << 1 | int(retain), body + payload))
        if qos == 1:
            body = self.expect(PUBACK)
            return body[2] if len(body) > 2 else 0
        return None

    def message(self):
        """(topic, payload) of the next message."""
        while True:
            got = self._kept.pop(0) if self._kept else self.receive()
            if got is None:
                raise ConnectionError("closed while waiting for a message")
            kind, flags, body = got
            if kind != PUBLISH:
                continue
            size = struct.unpack("!H", body[:2])[0]
            topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
            if flags & 6:
                rest = rest[2:]
            if self.version == V5:
                rest = rest[1 + rest[0] :]
            return topic, rest

    def send_auth(self, method, data, reason=0x19):
        properties = b"" if method is None else b"\x15" + _field(method)
        if data is not None:
            properties += b"\x16" + _field(data)
        self.send(packet(AUTH, 0, bytes([reason]) + _length(len(properties)) + properties))

    def authenticate(self, method, data, reason=0x19):
        """AUTH; the next packet that is no message as (kind, code), or CLOSED."""
        try:
            self.send_auth(method, data, reason)
        except OSError:
            return CLOSED
        while (got := self.receive()) is not None and got[0] == PUBLISH:
            self._kept.append(got)
        if got is None:
            return CLOSED
        kind, _, body = got
        if kind == CONNACK:
            return kind, body[1]
        return kind, body[0] if body else 0

    def disconnect(self) -> None:
        try:
            self.send(packet(DISCONNECT, 0, b""))
        except OSError:
            pass
        self.close()

    def close(self) -> None:
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def connack(port, version=V311, tls=None, **fields):
    """The code that one CONNECT earns; the connection is left again."""
    with Client(port, version, tls=tls) as client:
        code = client.connect(**fields)
        if code == 0:
            client.disconnect()
        return code
