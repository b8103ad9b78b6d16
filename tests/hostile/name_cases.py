"""Names in public DNS that lead where nothing may be sent. Checked when the socket is opened."""

from __future__ import annotations

from .cases import LIST, OWN, NameCase

PUBLIC = "93.184.215.14"
PUBLIC_V6 = "2606:4700::1111"


def _names(kind: str, source: str, addresses: str) -> list[NameCase]:
    return [NameCase(kind, source, (address,)) for address in addresses.split()]


CASES = [
    *_names("name that points here", LIST, "127.0.0.1 127.255.255.254 ::1 0.0.0.0 ::"),
    *_names(
        "name that points to a metadata service",
        LIST,
        "169.254.169.254 169.254.170.2 fd00:ec2::254 100.100.100.200 192.0.0.192 168.63.129.16",
    ),
    *_names(
        "name that points to special IPv4",
        LIST,
        "10.1.2.3 172.16.9.9 192.168.178.1 100.64.0.1 192.0.0.8 192.0.2.9 198.51.100.9 203.0.113.9 198.18.0.1"
        " 192.88.99.1 224.0.0.251 240.0.0.1 255.255.255.255",
    ),
    *_names(
        "name that points to special IPv6",
        LIST,
        "::ffff:127.0.0.1 ::ffff:10.0.0.1 ::7f00:1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 2002:7f00:1:: 2001:0:4136:e378::1"
        " fc00::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 100::1 2001:db8::1 3fff::1",
    ),
    *_names(
        "name that points to special IPv6",
        OWN,
        "64:ff9b:1::1 2002:c0a8:1::1 2606:4700::5efe:a00:1 ::ffff:0:a00:1 5f00::1",
    ),
    NameCase("two A records, one private", LIST, (PUBLIC, "10.0.0.1")),
    NameCase("two A records, one private", LIST, ("10.0.0.1", PUBLIC)),
    NameCase("A public and AAAA private", LIST, (PUBLIC, "fd00::1")),
    NameCase("A public and AAAA private", LIST, ("::1", PUBLIC)),
    NameCase("AAAA public and A private", OWN, (PUBLIC_V6, "192.168.0.1")),
    NameCase("one bad among many", OWN, (*(f"93.184.215.{n}" for n in range(20)), "127.0.0.1")),
    NameCase("a resolver that answers with rubbish", OWN, ("not-an-address",)),
    NameCase("a resolver that answers with rubbish", OWN, (PUBLIC, "127.1")),
    NameCase("a resolver that answers with rubbish", OWN, ("",)),
]
