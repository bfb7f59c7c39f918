"""A key server that can misbehave: at the socket, in TLS, in HTTP and in what it serves.

Each Way is one listener on 127.0.0.1 with its own URL. It serves its document well
until `bad` is set; then it does what its way is called.
"""

import datetime
import gzip
import ipaddress
import pathlib
import socket
import ssl
import struct
import threading
import time
from email.utils import formatdate

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Certificates:
    """An authority that is trusted, and server certificates of every kind, in `folder`."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        self.key, self.certificate = self._make("tests' key authority", None, None, ca=True)
        other_key, other = self._make("an authority that nobody knows", None, None, ca=True)
        self.file = folder / "keys-ca.pem"
        self.file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        self.file.chmod(0o644)
        ours = (self.key, self.certificate)
        self.good = self._save("good", *self._make("localhost", *ours))
        self.expired = self._save("expired", *self._make("localhost", *ours, days=(-20, -10)))
        self.future = self._save("future", *self._make("localhost", *ours, days=(10, 20)))
        self.wrong_host = self._save("wrong-host", *self._make("elsewhere.example", *ours, name="elsewhere.example"))
        self.unknown = self._save("unknown", *self._make("localhost", other_key, other))
        self.self_signed = self._save("self-signed", *self._make("localhost", None, None))

    def _make(self, common_name, issuer_key, issuer, ca=False, days=(-1, 2), name="localhost"):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        now = datetime.datetime.utcnow()
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=days[0]))
            .not_valid_after(now + datetime.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            names = [x509.DNSName(name)]
            if name == "localhost":
                names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return key, builder.sign(issuer_key or key, hashes.SHA256())

    def _save(self, name, key, certificate):
        file = self.folder / f"{name}.server.pem"
        file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        )
        file.chmod(0o600)
        return file

    def context(self, file, old=False, client=False) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if old:
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1
        if client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.file)
        context.load_cert_chain(file)
        return context


def http(body=b"", status="200 OK", *headers, content_type="application/json", length=None, date=None) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Date: {date or formatdate(usegmt=True)}", f"Content-Length: {len(body) if length is None else length}"]
    if content_type:
        lines.append(f"Content-Type: {content_type}")
    lines += [*headers, "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Way:
    """One listener. `path` -> document in `documents`; the default one is at /jwks."""

    def __init__(self, certificates, name="good", bad=None, bad_context=None, tls=True, raw=None):
        self.certificates, self.name = certificates, name
        self.respond_badly, self.raw = bad, raw
        self.good_context = certificates.context(certificates.good) if tls else None
        self.bad_context = bad_context or self.good_context
        self.bad = False
        self.document = b'{"keys":[]}'
        self.documents = {}
        self.headers = ()
        self.etag = None
        self.delay = 0.0
        self.requests = 0
        self.connections = 0
        self.seen = []
        self.lock = threading.Lock()
        self.stopping = False
        self.socket = None
        self.port = 0
        self.open()

    @property
    def url(self) -> str:
        return f"{'https' if self.good_context else 'http'}://localhost:{self.port}/jwks"

    def open(self):
        if self.socket is not None:
            return
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", self.port))
        s.listen(64)
        self.socket, self.port = s, s.getsockname()[1]
        threading.Thread(target=self._accept, args=(s,), daemon=True).start()

    def close(self):
        s, self.socket = self.socket, None
        if s is not None:
            # A blocked accept() keeps the port listening: only shutdown ends it.
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def stop(self):
        self.stopping = True
        self.close()

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        bad = self.bad
        try:
            connection.settimeout(30)
            if bad and self.raw:
                return self.raw(self, connection)
            context = self.bad_context if bad else self.good_context
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            request = b""
            while b"\r\n\r\n" not in request:
                more = connection.recv(65536)
                if not more:
                    return None
                request += more
            with self.lock:
                self.requests += 1
                self.seen.append(request)
            head = request.decode("latin-1")
            path = head.split(" ", 2)[1]
            if self.delay:
                time.sleep(self.delay)
            if bad and self.respond_badly:
                self.respond_badly(self, connection, path)
            else:
                connection.sendall(self._good_answer(head, path))
            if isinstance(connection, ssl.SSLSocket):
                connection = connection.unwrap()
        except (OSError, ValueError):
            pass
        finally:
            try:
                connection.close()
            except OSError:
                pass
        return None

    def _good_answer(self, head, path) -> bytes:
        headers = list(self.headers)
        if self.etag:
            headers.append(f"ETag: {self.etag}")
            if f"If-None-Match: {self.etag}".lower() in head.lower():
                return http(b"", "304 Not Modified", *headers, content_type=None)
        document = self.documents.get(path, self.document if path.startswith("/jwks") or path.startswith("/moved") else None)
        if document is None:
            return http(b"no", "404 Not Found", content_type="text/plain")
        return http(document, "200 OK", *headers)


# -- ways to misbehave: at the socket


def reset(way, connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def silent(way, connection):
    end = time.monotonic() + 20
    while not way.stopping and way.bad and time.monotonic() < end:
        time.sleep(0.05)


def hang_up(way, connection):
    connection.recv(10)


# -- in HTTP


def answer(body, status="200 OK", *headers, **named):
    return lambda way, connection, path: connection.sendall(http(body, status, *headers, **named))


def slowly(text, pause):
    def respond(way, connection, path):
        for byte in text:
            if way.stopping or not way.bad:
                return
            connection.sendall(bytes([byte]))
            time.sleep(pause)

    return respond


def huge(way, connection, path):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 104857600\r\n\r\n")
    for _ in range(1600):
        connection.sendall(b" " * 65536)


def chunked_drip(way, connection, path):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not way.stopping and way.bad:
        connection.sendall(b"1\r\n \r\n")
        time.sleep(0.2)


def header_flood(way, connection, path):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for n in range(4000):
        connection.sendall(f"X-Flood-{n}: {'x' * 100}\r\n".encode())


BOMB = gzip.compress(b" " * 50_000_000)


def gzip_bomb(way, connection, path):
    connection.sendall(http(BOMB, "200 OK", "Content-Encoding: gzip"))


def same_origin_redirect(way, connection, path):
    if path == "/jwks":
        connection.sendall(http(b"", "301 Moved Permanently", "Location: /moved", content_type=None))
    else:
        connection.sendall(http(way.document))


def redirect_loop(way, connection, path):
    connection.sendall(http(b"", "302 Found", "Location: /jwks", content_type=None))


def gzipped(way, connection, path):
    connection.sendall(http(gzip.compress(way.document), "200 OK", "Content-Encoding: gzip"))


def clock_far_off(way, connection, path):
    connection.sendall(http(way.document, date=formatdate(time.time() - 400 * 86400, usegmt=True)))
