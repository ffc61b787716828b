"""A Redis that speaks TLS: the real one behind a door of its own, with certificates made for the test."""

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_SIGNS: Final = x509.KeyUsage(
    key_cert_sign=True,
    crl_sign=True,
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


def make_authority(folder: Path, name: str) -> Path:
    """A certificate authority, and beside it `<name>-server.pem` for 127.0.0.1; the authority's file."""
    now = datetime.datetime.now(datetime.UTC)
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    def certificate(subject: x509.Name, public: ec.EllipticCurvePublicKey, *, is_ca: bool) -> bytes:
        builder = x509.CertificateBuilder(ca_name, subject, public, x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
        builder = builder.add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        # As Python 3.13 asks for: who signed it, and that an authority may sign.
        keys = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
        builder = builder.add_extension(keys, critical=False)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        if is_ca:
            builder = builder.add_extension(_SIGNS, critical=True)
        else:
            here = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([here]), critical=False)
        return builder.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority = folder / f"{name}.pem"
    authority.write_bytes(certificate(ca_name, ca_key.public_key(), is_ca=True))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis")])
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / f"{name}-server.pem").write_bytes(private + certificate(subject, key.public_key(), is_ca=False))
    return authority


@contextmanager
def tls_redis(redis_url: str, server_certificate: Path) -> Iterator[str]:
    """A rediss:// URL that leads to this Redis."""
    real = urlsplit(redis_url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server_certificate)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    threading.Thread(target=_pass_on, args=(client, context, real.hostname, real.port)).start()

        serving = threading.Thread(target=serve)
        serving.start()
        try:
            netloc = f"{real.username or ''}:{real.password or ''}@127.0.0.1:{listening.getsockname()[1]}"
            yield real._replace(scheme="rediss", netloc=netloc).geturl()
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            serving.join()


def _pass_on(client: socket.socket, context: ssl.SSLContext, host: str, port: int) -> None:
    with (
        suppress(OSError),
        client,
        context.wrap_socket(client, server_side=True) as inside,
        socket.create_connection((host, port)) as server,
    ):
        back = threading.Thread(target=_copy, args=(server, inside))
        back.start()
        _copy(inside, server)
        back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while some := source.recv(65536):
            target.sendall(some)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
