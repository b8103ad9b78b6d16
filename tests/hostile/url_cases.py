"""URLs that must not be saved and not be sent to."""

from __future__ import annotations

from .cases import LIST, OWN, UrlCase


def _hosts(kind: str, source: str, hosts: str, *, opens: str = "") -> list[UrlCase]:
    return [UrlCase(kind, source, f"http://{host}/", host in opens.split()) for host in hosts.split()]


THIS_HOST = [
    *_hosts(
        "this host",
        LIST,
        "127.0.0.1 127.255.255.254 localhost LOCALHOST localhost. foo.localhost 0.0.0.0 0 127.1 2130706433"
        " 0x7f000001 0177.0.0.1 127。0。0。1 [::1] [::]",
        opens="127.0.0.1 127.255.255.254 localhost LOCALHOST localhost. foo.localhost",
    ),
    *_hosts(
        "this host",
        OWN,
        "127.0.0.2:8080 a.b.localhost localhost.localdomain ip6-localhost ⓛocalhost ＬＯＣＡＬＨＯＳＴ",
        opens="127.0.0.2:8080 a.b.localhost localhost.localdomain ip6-localhost ⓛocalhost ＬＯＣＡＬＨＯＳＴ",
    ),
    *_hosts(
        "spelling of an address",
        OWN,
        "127.0.1 0x7f.0.0.1 0x7f.1 0177.1 017700000001 0X7F000001 127.0.0.1. 127.0.0.0x1 127.0.0.01 127.000.000.001"
        " 127.0.0.1.1 127.0.0.256 127.0.0.-1 4294967296 0x100000000 00000000177.0.0.1 １２７.0.0.1 127.0.0.１"
        " ①②⑦.0.0.1 127．0．0．1 127｡0｡0｡1 ٠.0.0.1 0.0.0.0.0 00.0.0.0 1.1 8.8.2056 0x 0x. foo.0x7f foo.1"
        " 134744072 010.010.010.010 0x8.0x8.0x8.0x8",
    ),
]
METADATA = [
    *_hosts(
        "metadata service",
        LIST,
        "169.254.169.254 0xA9FEA9FE 2852039166 169.254.170.2 [fd00:ec2::254] metadata.google.internal"
        " 100.100.100.200 192.0.0.192 168.63.129.16",
    ),
    *_hosts(
        "metadata service",
        OWN,
        "169.254.43518 0251.0376.0251.0376 [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [64:ff9b::a9fe:a9fe]"
        " [64:ff9b::168.63.129.16] METADATA.GOOGLE.INTERNAL. metadata.google.internal.:80 metadata.goog metadata"
        " instance-data.ec2.internal 2822734096 [fd20:ce::254]",
    ),
]
SPECIAL_V4 = [
    *_hosts(
        "special IPv4",
        LIST,
        "10.0.0.1 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 100.127.255.255 192.0.0.1 192.0.2.1"
        " 198.51.100.1 203.0.113.7 198.18.0.1 198.19.255.255 192.88.99.1 224.0.0.1 239.255.255.250 240.0.0.1"
        " 255.255.255.255",
    ),
    *_hosts("special IPv4", OWN, "0.1.2.3 192.31.196.1 192.52.193.1 192.175.48.1 254.0.0.1"),
]
SPECIAL_V6 = [
    *_hosts(
        "special IPv6",
        LIST,
        "[::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:7f00:0001] [::7f00:1] [64:ff9b::7f00:1] [2002:7f00:1::]"
        " [2001:0:4136:e378:8000:63bf:80ff:fffe] [fc00::1] [fd12:3456::1] [fe80::1] [fe80::1%eth0] [fe80::1%25eth0]"
        " [fec0::1] [ff02::1] [100::1] [2001:db8::1] [3fff::1]",
        opens="[::ffff:127.0.0.1] [::ffff:7f00:1] [0:0:0:0:0:ffff:7f00:0001]",
    ),
    *_hosts(
        "special IPv6",
        OWN,
        "[0:0:0:0:0:0:0:1] [::127.0.0.1] [::ffff:10.0.0.1] [::FFFF:C0A8:1] [::ffff:0:127.0.0.1] [64:ff9b::10.0.0.1]"
        " [64:ff9b:1::7f00:1] [64:ff9b:1:a00:0:100::] [2002:c0a8:1::1] [2002:a9fe:a9fe::] [2001::1] [2001:10::1]"
        " [2001:20::1] [2001:2::1] [2606:4700::5efe:10.0.0.1] [2606:4700::200:5efe:7f00:1] [5f00::1] [4000::1]"
        " [::2] [100:0:0:1::1] [3ffe::1] [fe80::5efe:c0a8:1] [::1%lo] [febf::1] [2620:4f:8000::1]",
    ),
    *_hosts(
        "broken IPv6", OWN, "[::1 ::1 [] [:] [:::] [::1]] [[::1]] [::g] [v1.::1] [127.0.0.1] [::1]x [1::2::3] [::1%]"
    ),
]
PARSER_CONFUSION = [
    *(
        UrlCase("parser confusion", LIST, url)
        for url in (
            "http://127.0.0.1:80\\@example.com/",
            "http://example.com\\@127.0.0.1/",
            "http://user@example.com/",
            "http://user:secret@example.com/",
            "http:///127.0.0.1/",
            "http://exa mple.com/",
            " http://example.com/",
            "http://example.com/ ",
            "http://exa\tmple.com/",
            "http://example.com\r\n/",
            "http://example.com/\r\nHost: 127.0.0.1",
            "http://example.com/\n",
            "http://example.com\x00/",
            "http://example.com%00/",
            "http://example.com%0d%0a/",
            "http://exa%20mple.com/",
            "http://example.com%09/",
            "http://example..com/",
            "http://.example.com/",
            "http://" + "a" * 64 + ".example.com/",
            "http://" + "a." * 127 + "com/",
            "http://xn--a/",
            "http://xn--a.example.com/",
            "http://xn--.example.com/",
        )
    ),
    UrlCase("parser confusion", LIST, "http://127.0.0.1#@example.com/", loopback_opens=True),
    UrlCase("parser confusion", LIST, "http://[127.0.0.1]/"),
    *(
        UrlCase("parser confusion", OWN, url)
        for url in (
            "http://@127.0.0.1/",
            "http://example.com@127.0.0.1/",
            "http://example.com:80@127.0.0.1/",
            "http://example.com%40127.0.0.1/",
            "http://127.0.0.1%2523@example.com/",
            "http://127.0.0.1;@example.com/",
            "http://example.com;127.0.0.1/",
            "http://example.com,127.0.0.1/",
            "http://127.0.0.1\\.example.com/",
            "http:\\\\127.0.0.1\\",
            "http:/\\127.0.0.1/",
            "http:\\/127.0.0.1/",
            "http:127.0.0.1/",
            "http:/127.0.0.1/",
            "http://",
            "http:///",
            "http://?x=1",
            "http://#x",
            "//127.0.0.1/",
            "/\\127.0.0.1/",
            "127.0.0.1",
            "127.0.0.1:8001/hook",
            "http//127.0.0.1/",
            "http://example.com\u2028/",
            "http://example.com\u00a0/",
            "http://example.com/\u0085",
            "http://example\u00ad.com/",
            "http://example\u200b.com/",
            "http://example.com\ufeff/",
            "http://example.com/\udc80",
            "http://example.com\u3002\u3002/",
            "http://-example.com/",
            "http://example-.com/",
            "http://*.example.com/",
            "http://exam'ple.com/",
            'http://exam"ple.com/',
            "http://exam<ple>.com/",
            "http://exam|ple.com/",
            "http://exam^ple.com/",
            "http://exam`ple.com/",
            "http://{host}.com/",
            "http://$(id).example.com/",
            "http://example.com\x7f/",
            "http://example.com\x1b[31m/",
            "http://\u2100.example.com/",  # care-of sign: becomes "a/c" when it is normalised
            "http://example.com\uff0f@127.0.0.1/",
            "http://example.com\uff03@127.0.0.1/",
            "http://127.0.0.1\uff1a80/",
            "http://xn--ls8h.example.com/",  # an emoji, which IDNA 2008 forbids
            "http://xn--0000000000000000000000000000000000000000000000000000000000.com/",
        )
    ),
]
FORM = [
    *(
        UrlCase("scheme", LIST, url)
        for url in (
            "file:///etc/passwd",
            "ftp://example.com/",
            "gopher://127.0.0.1:6379/_INFO",
            "data:text/plain,hello",
            "javascript:alert(1)",
        )
    ),
    *(
        UrlCase("scheme", OWN, url)
        for url in (
            "",
            ":",
            "://example.com/",
            "https",
            "https:",
            "ws://example.com/",
            "wss://example.com/",
            "unix:///run/docker.sock",
            "http+unix://%2Frun%2Fdocker.sock/",
            "dict://127.0.0.1:11211/stats",
            "ldap://example.com/",
            "jar:http://example.com/!/",
            "view-source:http://example.com/",
            "blob:http://example.com/1",
            "mailto:someone@example.com",
            "hTTps ://example.com/",
            "http\x00://example.com/",
            "ｈttp://example.com/",
        )
    ),
    *(UrlCase("port", LIST, f"http://example.com:{port}/") for port in (0, 65536, 22, 25, 3306, 5432, 6379, 11211)),
    *(
        UrlCase("port", OWN, f"http://example.com:{port}/")
        for port in (
            *("-1", "+80", "8o", "80:80", "0x50", "80.0", "999999", "00000000000000080", "８０", "1e3"),
            *(1, 21, 23, 53, 79, 110, 111, 143, 389, 445, 465, 587, 636, 873, 993, 1023),
            *(1433, 2375, 2379, 9200, 10250, 15672, 27017),
        )
    ),
    UrlCase("length", LIST, "https://example.com/" + "a" * 2029),
    UrlCase("length", OWN, "https://example.com/" + "ü" * 400),
    UrlCase("length", OWN, "https://example.com/?" + "%41" * 700),
    UrlCase("shown text", LIST, "https://example.com/\u202egpj.exe"),
    *(
        UrlCase("shown text", OWN, url)
        for url in (
            "https://\u202emoc.elpmaxe/",
            "https://example.com/\u2066x",
            "https://example.com/?q=\u200f",
            "https://example.com/\u061c",
            "https://example.com/\ue000",
            "https://example.com/\U000e0041",
            "https://example.com/\u0378",
        )
    ),
    *_hosts(
        "inner name", OWN, "intranet db printer.local vault.corp router.lan nas.home a.home.arpa 1.0.0.127.in-addr.arpa"
    ),
]

CASES = [*THIS_HOST, *METADATA, *SPECIAL_V4, *SPECIAL_V6, *PARSER_CONFUSION, *FORM]
