"""Client certificates: shown to the server that asks, used by nobody else, refused in plain words when wrong."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa, x25519

from subscriptions.delivery.http import transfer
from subscriptions.delivery.http.client import Answer, Client, Request
from subscriptions.delivery.http.client_certificates import CertificateRefused, checked, halves, shown

from .certificates import (
    Authority,
    asking_context,
    client_certificate,
    key_pem,
    new_authority,
    server_context,
    write_authority,
)
from .receivers import OK, Receiver, answering


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority()


@pytest.fixture(scope="module")
def stored(authority: Authority) -> str:
    return checked(*client_certificate(authority))


@pytest.fixture
def here(authority: Authority, make_client: Callable[..., Client], tmp_path: Path) -> Client:
    return make_client(ca_bundle=write_authority(authority, tmp_path), resolve=lambda name: ["127.0.0.1"])


def _send(client: Client, receiver: Receiver, certificate: str = "") -> Answer:
    url = f"https://hooks.example.com:{receiver.port}/in"
    return client.send(Request(url, {"X": "y"}, b"{}", certificate))


def test_a_server_that_asks_gets_it(here: Client, authority: Authority, stored: str, tmp_path: Path) -> None:
    subjects: list[object] = []

    def script(sock: socket.socket, request: bytes) -> None:
        assert isinstance(sock, ssl.SSLSocket)
        subjects.append((sock.getpeercert() or {})["subject"])
        sock.sendall(OK)

    with Receiver(script, tls=asking_context(tmp_path, authority, trusted=authority)) as receiver:
        assert [_send(here, receiver, stored).status for _ in range(3)] == [200] * 3
        assert receiver.connections == 1
    assert subjects == [((("commonName", "callhooks.example.com"),),)] * 3


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_without_one_or_with_another_authoritys_nothing_arrives(
    version: ssl.TLSVersion, here: Client, authority: Authority, tmp_path: Path
) -> None:
    context = asking_context(tmp_path, authority, trusted=authority)
    context.minimum_version = context.maximum_version = version
    other = checked(*client_certificate(new_authority("Another")))
    # In 1.3 the request is under way before the refusal: the server's reset may overtake its words.
    allowed = {"tls_client_certificate", "tls"} | ({"reset"} if version == ssl.TLSVersion.TLSv1_3 else set())
    with Receiver(answering(OK), tls=context) as receiver:
        assert _send(here, receiver).error in allowed
        answer = _send(here, receiver, other)
        assert answer.error in allowed
        assert answer.error != "tls_client_certificate" or "client certificate" in answer.message
        assert receiver.requests == []


def test_no_connection_opened_with_one_carries_anothers_request(
    here: Client, authority: Authority, stored: str, tmp_path: Path
) -> None:
    """The server knows the sender by its connection: what goes through it is said in that one's name."""
    context = asking_context(tmp_path, authority, trusted=authority)
    context.verify_mode = ssl.CERT_OPTIONAL
    seen: list[str] = []

    def script(sock: socket.socket, request: bytes) -> None:
        assert isinstance(sock, ssl.SSLSocket)
        subject = (sock.getpeercert() or {}).get("subject", ((("", "nobody"),),))
        seen.append(dict(pair for part in subject for pair in part).popitem()[1])  # type: ignore[misc]
        sock.sendall(OK)

    second = checked(*client_certificate(authority, common="second.example.com"))
    with Receiver(script, tls=context) as receiver:
        for certificate in (stored, "", second, stored, second, ""):
            assert _send(here, receiver, certificate).status == 200
        assert receiver.connections == 3
    names = ["callhooks.example.com", "nobody", "second.example.com"]
    assert seen == [*names, names[0], names[2], names[1]]


def test_a_server_that_asks_after_it_has_read_the_request_gets_it(
    here: Client, authority: Authority, stored: str, tmp_path: Path
) -> None:
    """As Apache does in TLS 1.3 where the path decides whether one is needed."""
    context = asking_context(tmp_path, authority, trusted=authority)
    context.post_handshake_auth = True
    seen: list[object] = []

    def script(sock: socket.socket, request: bytes) -> None:
        assert isinstance(sock, ssl.SSLSocket)
        seen.append(sock.getpeercert())
        sock.verify_client_post_handshake()
        sock.settimeout(0.02)
        for _ in range(500):
            with contextlib.suppress(TimeoutError):  # nothing to read but the certificate
                sock.recv(1)
            if sock.getpeercert():
                break
        seen.append((sock.getpeercert() or {})["subject"])
        sock.sendall(OK)

    with Receiver(script, tls=context) as receiver:
        assert _send(here, receiver, stored).status == 200
    assert seen == [None, ((("commonName", "callhooks.example.com"),),)]


def test_the_server_is_verified_with_one_too(here: Client, authority: Authority, stored: str, tmp_path: Path) -> None:
    with Receiver(answering(OK), tls=server_context(tmp_path, new_authority("Another"))) as receiver:
        assert _send(here, receiver, stored).error == "tls_untrusted"
    with Receiver(answering(OK), tls=server_context(tmp_path, authority, names=("x.example.com",))) as receiver:
        assert _send(here, receiver, stored).error == "tls_hostname"


def test_what_is_stored_and_cannot_be_used_is_told(here: Client, authority: Authority, tmp_path: Path) -> None:
    with Receiver(answering(OK), tls=asking_context(tmp_path, authority, trusted=authority)) as receiver:
        answer = _send(here, receiver, "no certificate")
    assert answer.error == "tls_client_certificate"
    assert "Give it anew" in answer.message


def test_the_key_is_in_no_file(authority: Authority) -> None:
    """libcurl takes it from memory; the options that name files are used nowhere."""
    chain, key = client_certificate(authority)
    certificates, private = halves(checked(chain, key))
    assert (certificates, private) == (chain.encode(), key.encode())
    source = Path(transfer.__file__).read_text()
    assert "pycurl.SSLKEY_BLOB" in source
    assert not re.search(r"pycurl\.(SSLKEY|SSLCERT)\b", source)


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(65537, 2048),
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
    ],
    ids=["RSA", "EC", "Ed25519"],
)
def test_it_is_kept_with_its_chain_and_shown_by_its_subject_alone(authority: Authority, key: object) -> None:
    chain, private = client_certificate(authority, key=key)  # type: ignore[arg-type]
    (root, _) = client_certificate(None, common="Root")
    text = checked(f"Bag Attributes\n{chain}\r\n{root}", f"\n{private}\n")
    assert text.count("BEGIN CERTIFICATE") == 2
    assert "Bag" not in text
    known = shown(text)
    assert (known.subject, known.is_over) == ("CN=callhooks.example.com", False)
    assert private.splitlines()[2 if len(private.splitlines()) > 3 else 1] not in repr(known)


def test_a_subject_is_shown_without_what_cannot_be_seen(authority: Authority) -> None:
    subject = shown(checked(*client_certificate(authority, common="gpj.\u202eexe\r\n\x1b[31m\x00"))).subject
    assert subject.isprintable()
    assert "gpj." in subject


def test_an_rsa_key_with_wrong_numbers_is_refused_without_a_search_for_primes(authority: Authority) -> None:
    """To look for primes takes 300 ms of CPU for a key of 4096 bits: too much to give to whoever asks."""
    good = rsa.generate_private_key(65537, 2048)
    chain, _ = client_certificate(authority, key=good)
    good_numbers, other = good.private_numbers(), rsa.generate_private_key(65537, 2048).private_numbers()
    n, e = good_numbers.public_numbers.n, 65537
    p, q, d, crt = good_numbers.p, good_numbers.q, good_numbers.d, (good_numbers.dmp1, good_numbers.dmq1)
    assert checked(chain, _pkcs1(n, e, d, p, q, *crt, good_numbers.iqmp))
    for wrong in (
        (d + 2, p, q, crt[0] + 2, crt[1], good_numbers.iqmp),
        (other.d, other.p, other.q, other.dmp1, other.dmq1, other.iqmp),
        (d + 2, 4, 6, 1, 1, 1),
        (1, 1, n, 1, 1, 1),
        (0, 0, 0, 0, 0, 0),
    ):
        assert _refused(chain, _pkcs1(n, e, *wrong)).of_key
    large = (1 << 4999) + 1
    assert "4096 bits" in str(_refused(chain, _pkcs1(large, e, 3, 3, 5, 1, 1, 1)))


def _pkcs1(*numbers: int) -> str:
    """An RSA key as PEM, whatever its numbers are: what makes keys would refuse most of them."""

    def der(tag: int, content: bytes) -> bytes:
        size = len(content)
        length = bytes([size]) if size < 128 else bytes([0x81, size]) if size < 256 else b"\x82" + size.to_bytes(2)
        return bytes([tag]) + length + content

    integers = (number.to_bytes(number.bit_length() // 8 + 1) for number in (0, *numbers))
    text = base64.encodebytes(der(0x30, b"".join(der(0x02, integer) for integer in integers))).decode()
    return f"-----BEGIN RSA PRIVATE KEY-----\n{text}-----END RSA PRIVATE KEY-----\n"


def _refused(chain: str, key: str) -> CertificateRefused:
    with pytest.raises(CertificateRefused) as refused:
        checked(chain, key)
    return refused.value


def test_what_cannot_be_used_is_refused_with_what_to_do(authority: Authority) -> None:
    chain, key = client_certificate(authority)
    _, other = client_certificate(authority)
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    table: list[tuple[str, str, str, bool]] = [
        (chain, other, "does not belong", True),
        (client_certificate(None, common="Root")[0] + chain, key, "comes first", True),
        (*client_certificate(authority, from_days=-9, to_days=-2), "expired on", False),
        (*client_certificate(authority, from_days=2), "not valid before", False),
        (*client_certificate(authority, key=rsa.generate_private_key(65537, 1024)), "long enough", False),
        (chain + key, key, "private key too", False),
        ("", key, "BEGIN CERTIFICATE", False),
        ("MIIB", key, "BEGIN CERTIFICATE", False),
        ("0\x82\x03\x00binary", key, "BEGIN CERTIFICATE", False),
        (f"{begin}\nMIIB\n{end}", key, "cannot be read", False),
        (f"{begin}\n\x00\udcff\n{end}", key, "cannot be read", False),
        (chain.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), key, "BEGIN CERTIFICATE", False),
        (chain[: len(chain) // 2], key, "cannot be read", False),
        (chain * 40, key, "at most 16 KB", False),
        (chain, "", "BEGIN PRIVATE KEY", True),
        (chain, chain, "BEGIN PRIVATE KEY", True),
        (chain, key[: len(key) // 2], "cannot be read", True),
        (chain, "x" * 5000, "at most 4 KB", True),
        (chain, key_pem(ec.generate_private_key(ec.SECP256R1()), "pass"), "openssl pkey", True),
        (chain, "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMIIB\n", "openssl pkey", True),
        (chain, key_pem(x25519.X25519PrivateKey.generate()), "RSA, EC or Ed25519", True),
        (chain, key_pem(dsa.generate_private_key(1024)), "RSA, EC or Ed25519", True),
    ]
    for given, private, words, of_key in table:
        refused = _refused(given, private)
        assert words in str(refused), words
        assert refused.of_key is of_key, words
        secret = private.splitlines()[1] if "\n" in private else ""
        assert not secret or secret not in str(refused)
