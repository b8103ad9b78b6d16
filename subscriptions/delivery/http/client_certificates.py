"""Client certificates (mutual TLS): what may be stored, what is shown of it, its form for libcurl. No Django.

A stored one is a single text in PEM: the private key, its certificate, and the rest of the chain.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InternalError, InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import MD5, SHA1, SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

# A chain of four RSA certificates is 8 KB. It is read with every delivery that is claimed.
LONGEST_CHAIN = 16 * 1024
# An RSA key of 4096 bits is 3.2 KB. The work grows with the third power of the length.
LONGEST_KEY = 4 * 1024
LONGEST_RSA = 4096
# What OpenSSL takes at its security level 2, the usual one: 112 bits.
SHORTEST_RSA = 2048
SHORTEST_EC = 224

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----")
_PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class CertificateRefused(ValueError):
    """A certificate or a key that is not saved; the text says what to change. `of_key`: it is the key that is wrong."""

    def __init__(self, message: str, *, of_key: bool = False) -> None:
        super().__init__(message)
        self.of_key = of_key


@dataclass(frozen=True, slots=True)
class Shown:
    """All that is ever shown of a stored certificate."""

    subject: str
    expires_at: datetime

    @property
    def is_over(self) -> bool:
        return self.expires_at <= datetime.now(UTC)


def checked(chain: str, key: str) -> str:
    """The text to store, from a chain and a private key in PEM. Raises CertificateRefused."""
    certificates = _read_chain(chain)
    private = _read_key(key)
    leaf = certificates[0]
    if _spki(leaf.public_key()) != _spki(private.public_key()):
        raise CertificateRefused(
            "The private key does not belong to this certificate. The certificate of the key comes first, "
            "those that vouch for it after it.",
            of_key=True,
        )
    _prove(private)
    now = datetime.now(UTC)
    if leaf.not_valid_after_utc <= now:
        raise CertificateRefused(f"The certificate expired on {leaf.not_valid_after_utc:%Y-%m-%d}. Get a new one.")
    if leaf.not_valid_before_utc > now:
        raise CertificateRefused(f"The certificate is not valid before {leaf.not_valid_before_utc:%Y-%m-%d}.")
    _check_strength(certificates)
    stored = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")
    return stored + "".join(certificate.public_bytes(Encoding.PEM).decode("ascii") for certificate in certificates)


@lru_cache(maxsize=512)
def shown(stored: str) -> Shown:
    """Raises ValueError for a text that `checked` did not make."""
    leaf = x509.load_pem_x509_certificates(stored.encode())[0]
    # Whoever made it wrote what they liked: no line end, and nothing that turns the text around, goes on a page.
    subject = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for character in leaf.subject.rfc4514_string()[:300]
    )
    return Shown(subject, leaf.not_valid_after_utc)


def halves(stored: str) -> tuple[bytes, bytes]:
    """The certificates and the private key, as libcurl takes them: from memory. Raises ValueError for a text that
    `checked` did not make."""
    begin = stored.index("-----BEGIN CERTIFICATE-----")
    return stored[begin:].encode("ascii"), stored[:begin].encode("ascii")


def _read_chain(text: str) -> list[x509.Certificate]:
    if len(text) > LONGEST_CHAIN:
        raise CertificateRefused(f"A certificate with its chain has at most {LONGEST_CHAIN // 1024} KB.")
    kinds = set(_BLOCK.findall(text))
    if any("PRIVATE KEY" in kind for kind in kinds):
        raise CertificateRefused(
            "This holds a private key too. Put the key where it belongs, and only certificates here."
        )
    if kinds != {"CERTIFICATE"}:
        raise CertificateRefused("Give the certificate as PEM: text that begins with -----BEGIN CERTIFICATE-----.")
    try:
        certificates = x509.load_pem_x509_certificates(text.encode())
        for certificate in certificates:
            # They are read only when they are asked for, and may be wrong then.
            certificate.subject.rfc4514_string()
            certificate.public_key()
            certificate.signature_hash_algorithm  # noqa: B018
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateRefused("The certificate cannot be read. Was all of it copied?") from None
    return certificates


def _read_key(text: str) -> _PrivateKey:
    if len(text) > LONGEST_KEY:
        raise CertificateRefused("A private key has at most 4 KB: RSA up to 4096 bits, EC or Ed25519.", of_key=True)
    kinds = _BLOCK.findall(text)
    if "ENCRYPTED PRIVATE KEY" in kinds or "Proc-Type: 4,ENCRYPTED" in text:
        raise CertificateRefused(
            "This private key is protected by a password. Take that off first: "
            "openssl pkey -in key.pem -out plain.pem. It is stored encrypted here.",
            of_key=True,
        )
    if not kinds or not all(kind.endswith("PRIVATE KEY") or kind == "EC PARAMETERS" for kind in kinds):
        raise CertificateRefused(
            "Give the private key as PEM: text that begins with -----BEGIN PRIVATE KEY-----.", of_key=True
        )
    try:
        # OpenSSL's own check looks for primes: 300 ms of CPU, for whoever asks, as often as they ask. `_prove` is 5 ms.
        key = load_pem_private_key(text.encode(), None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise CertificateRefused("The private key cannot be read. Was all of it copied?", of_key=True) from None
    if not isinstance(key, _PrivateKey):
        raise CertificateRefused("A private key is of the kind RSA, EC or Ed25519.", of_key=True)
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size > LONGEST_RSA:
        raise CertificateRefused(f"An RSA key has at most {LONGEST_RSA} bits.", of_key=True)
    return key


def _prove(key: _PrivateKey) -> None:
    """That it does what it is for: what it signs, its public half takes. Raises CertificateRefused."""
    message = b"callhooks"
    try:
        if isinstance(key, rsa.RSAPrivateKey):
            padding = PKCS1v15()
            key.public_key().verify(key.sign(message, padding, SHA256()), message, padding, SHA256())
        elif isinstance(key, ec.EllipticCurvePrivateKey):
            way = ec.ECDSA(SHA256())
            key.public_key().verify(key.sign(message, way), message, way)
        else:
            key.public_key().verify(key.sign(message), message)
    except (ValueError, InvalidSignature, UnsupportedAlgorithm, InternalError):
        raise CertificateRefused("The private key does not work: its numbers are wrong.", of_key=True) from None


def _check_strength(certificates: Sequence[x509.Certificate]) -> None:
    """What is weaker would be refused with every delivery. Raises CertificateRefused."""
    for certificate in certificates:
        key = certificate.public_key()
        if isinstance(key, rsa.RSAPublicKey) and key.key_size < SHORTEST_RSA:
            raise CertificateRefused(f"The RSA key is not long enough for TLS: {SHORTEST_RSA} bits.")
        if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < SHORTEST_EC:
            raise CertificateRefused(f"The EC key is not long enough for TLS: {SHORTEST_EC} bits.")
        is_root = certificate.issuer == certificate.subject  # nobody checks its signature
        if not is_root and isinstance(certificate.signature_hash_algorithm, MD5 | SHA1):
            raise CertificateRefused("TLS does not take certificates that are signed with SHA-1 or MD5. Get a new one.")


def _spki(key: object) -> bytes:
    public_bytes = getattr(key, "public_bytes")  # noqa: B009  # every kind of key has it, their union does not say so
    return bytes(public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
