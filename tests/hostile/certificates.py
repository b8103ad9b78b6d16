"""Certificates made for the tests: an authority of our own, and leaves that are good or bad in one way."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import NameOID

_NOW = datetime.now(UTC)


@dataclass
class Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def new_authority(common: str = "Callhooks test authority") -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(common))
        .issuer_name(_name(common))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOW - timedelta(days=30))
        .not_valid_after(_NOW + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def write_authority(authority: Authority, folder: Path) -> str:
    path = folder / "authority.pem"
    path.write_bytes(_pem(authority.certificate))
    return str(path)


def server_context(
    folder: Path,
    issuer: Authority | None,
    *,
    names: tuple[str, ...] = ("hooks.example.com",),
    common: str = "hooks.example.com",
    from_days: int = -1,
    to_days: int = 10,
) -> ssl.SSLContext:
    """A server's TLS context whose certificate is signed by `issuer`, or by itself if there is none."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(common))
        .issuer_name(issuer.certificate.subject if issuer else _name(common))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOW + timedelta(days=from_days))
        .not_valid_after(_NOW + timedelta(days=to_days))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), False)
    certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + _pem(certificate)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


def client_certificate(
    issuer: Authority | None,
    *,
    common: str = "callhooks.example.com",
    from_days: int = -1,
    to_days: int = 10,
    key: PrivateKeyTypes | None = None,
) -> tuple[str, str]:
    """A certificate for a client and its private key, in PEM."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(common))
        .issuer_name(issuer.certificate.subject if issuer else _name(common))
        .public_key(key.public_key())  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(_NOW + timedelta(days=from_days))
        .not_valid_after(_NOW + timedelta(days=to_days))
        .sign(
            issuer.key if issuer else key,
            None if isinstance(key, ed25519.Ed25519PrivateKey) and not issuer else hashes.SHA256(),
        )  # type: ignore[arg-type]
    )
    return _pem(certificate).decode(), key_pem(key)


def key_pem(key: PrivateKeyTypes, password: str = "") -> str:
    locked = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked).decode()


def asking_context(
    folder: Path, authority: Authority, *, trusted: Authority, names: tuple[str, ...] = ("hooks.example.com",)
) -> ssl.SSLContext:
    """A server's TLS context that wants a client certificate of the `trusted` authority."""
    context = server_context(folder, authority, names=names)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=_pem(trusted.certificate).decode())
    return context


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
