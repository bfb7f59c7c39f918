"""A WebSocket by the byte (RFC 6455), as far as MQTT needs it: something that sends and receives like a socket."""

import base64
import os
import struct

BINARY, CLOSE, PING, PONG = 2, 8, 9, 10


class WebSocket:
    def __init__(self, socket, host="localhost", path="/mqtt"):
        self.socket, self._data = socket, b""
        key = base64.b64encode(os.urandom(16)).decode()
        socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            one = socket.recv(1)
            if not one:
                raise ConnectionError("closed during the handshake")
            head += one
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(f"no WebSocket: {head[:60]!r}")

    def _frame(self, opcode, data):
        mask = os.urandom(4)
        size = len(data)
        if size < 126:
            head = bytes([0x80 | opcode, 0x80 | size])
        elif size < 65536:
            head = bytes([0x80 | opcode, 0xFE]) + struct.pack("!H", size)
        else:
            head = bytes([0x80 | opcode, 0xFF]) + struct.pack("!Q", size)
        masked = bytes(byte ^ mask[i & 3] for i, byte in enumerate(data))
        self.socket.sendall(head + mask + masked)

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            part = self.socket.recv(n - len(data))
            if not part:
                return None
            data += part
        return data

    def sendall(self, data):
        self._frame(BINARY, data)

    def recv(self, n):
        """Bytes of messages, b"" at the end, as a socket gives them."""
        while not self._data:
            head = self._exactly(2)
            if head is None:
                return b""
            opcode, size = head[0] & 15, head[1] & 127
            if size == 126:
                size = struct.unpack("!H", self._exactly(2))[0]
            elif size == 127:
                size = struct.unpack("!Q", self._exactly(8))[0]
            data = self._exactly(size) if size else b""
            if data is None or opcode == CLOSE:
                return b""
            if opcode == PING:
                self._frame(PONG, data)
            elif opcode not in (PONG,):
                self._data = data
        data, self._data = self._data[:n], self._data[n:]
        return data

    def settimeout(self, seconds):
        self.socket.settimeout(seconds)

    def close(self):
        self.socket.close()
