"""Request headers that a subscriber may not add."""

from __future__ import annotations

from .cases import LIST, OWN, HeaderCase


def _values(kind: str, source: str, *values: str) -> list[HeaderCase]:
    return [HeaderCase(kind, source, {"X-Tenant": value}) for value in values]


def _names(kind: str, source: str, names: str) -> list[HeaderCase]:
    return [HeaderCase(kind, source, {name: "1"}) for name in names.split("|")]


CASES = [
    *_values("control in a value", LIST, "a\rb", "a\nb", "a\r\nHost: x", "a\x00b", "a\x0bb"),
    *_values("control in a value", OWN, "a\r\n b", "\n", "a\x7fb", "a\x1b[0m", "a\x0cb", "a\x85b"),
    *_values("not ASCII in a value", OWN, "grün", "a\u2028b", "a\u010ab", "日本", "\ud800"),
    *_names("name that is no token", LIST, "X Tenant|X:Tenant|X-Tenänt|"),
    *_names("name that is no token", OWN, " X|X |X\n|X\r\nHost|X\x00|:path|X(1)|X,Y|X/Y|X=Y|{x}|“x”|x\u2011y"),
    *_names(
        "header of the transport",
        LIST,
        "Host|hOsT|Content-Length|Content-Type|Content-Encoding|Transfer-Encoding|TE|Trailer|Connection|Upgrade|Expect"
        "|Proxy-Authorization|Proxy-Connection",
    ),
    *_names("header of the transport", OWN, "Keep-Alive|HTTP2-Settings|Content-MD5|Accept-Encoding"),
    *_names("header of ours", LIST, "Signature|webhook-id|Webhook-Signature|WEBHOOK-TIMESTAMP|webhook-anything"),
    *_names("header of ours", OWN, "User-Agent|Callhooks-Event|callhooks-attempt"),
    *_names("header of a metadata service", LIST, "x-amz-security-token|x-goog-api-client|Metadata-Flavor"),
    *_names(
        "header of a metadata service",
        OWN,
        "Metadata|X-aws-ec2-metadata-token|X-aws-ec2-metadata-token-ttl-seconds|X-Google-Metadata-Request|X-Identity-Header",
    ),
    *_names("header that claims another sender", OWN, "X-Forwarded-For|X-Forwarded-Host|Forwarded|Via|X-Real-IP"),
    *_names(
        "name that a front server folds",
        LIST,
        "X_Forwarded_For|X-Forwarded_For|Content_Length|Webhook_Signature|Metadata_Flavor|Transfer_Encoding|X_Tenant",
    ),
    *_names("name that a front server folds", OWN, "X.Forwarded.For|X~Tenant|X!Tenant|X^Y|X`Y|Y_|_X|X*"),
    *_names("header that claims another sender", LIST, "True-Client-IP|CF-Connecting-IP"),
    *_names(
        "header that claims another sender",
        OWN,
        "Client-IP|X-Client-IP|X-ClientIP|X-Cluster-Client-IP|X-Originating-IP|X-Remote-IP|X-Remote-Addr|Remote-Addr"
        "|CF-Connecting-IPv6|CF-IPCountry|Fastly-Client-IP|Fly-Client-IP|X-Azure-ClientIP|X-Azure-SocketIP"
        "|X-AppEngine-User-IP|X-Envoy-External-Address|X-Original-Forwarded-For|WL-Proxy-Client-IP|X-ProxyUser-Ip"
        "|X-Host|X-Vercel-Forwarded-For|X-Source-IP|Akamai-Origin-Hop|X-ARR-ClientCert",
    ),
    *_names(
        "header that claims an identity",
        OWN,
        "X-SSL-Client-Verify|SSL-Client-Cert|X-Client-Cert|X-Client-DN|Remote-User|X-Remote-User|X-Remote-Groups"
        "|X-Auth-Request-Email|X-WebAuth-User|X-MS-Client-Principal|X-Amzn-Oidc-Data|X-Goog-IAP-JWT-Assertion",
    ),
    *_names("header that rewrites the address", LIST, "X-Original-URL"),
    *_names(
        "header that rewrites the address",
        OWN,
        "X-Rewrite-URL|X-Original-URI|X-Original-Host|X-Override-URL|X-HTTP-Host-Override|X-Accel-Redirect|X-Sendfile"
        "|Script-Name|X-Script-Name|Path-Info|Request-URI|X-Middleware-Subrequest|X-Invoke-Path|X-Matched-Path"
        "|X-Proxy-URL|Base-URL|X-Request-URI",
    ),
    *_names(
        "header of a metadata service",
        OWN,
        "Metadata-Token|Metadata-Token-Expiry-Seconds|X-aliyun-ecs-metadata-token|X-MS-Version|X-MS-Agent-Name",
    ),
    *_names("header of ours", OWN, "Signature-Input|X-Webhook-Id|X-Callhooks-Event|X-Signature-Time"),
    *_names("header of the transport", OWN, "Digest|Repr-Digest|Transfer-Foo|Early-Data|Sec-Fetch-Site|Close"),
    *_names("header that changes the method", OWN, "X-HTTP-Method-Override|X-Method-Override|X-HTTP-Method"),
    HeaderCase("too many", LIST, {f"X-{n}": "1" for n in range(21)}),
    HeaderCase("too long", LIST, {"X-Tenant": "a" * 4097}),
    HeaderCase("too long", OWN, {f"X-{n}": "a" * 250 for n in range(20)}),
    HeaderCase("too long", OWN, {"X" * 4097: ""}),
    HeaderCase("twice", OWN, {"X-Tenant": "1", "x-tenant": "2"}),
]

# Headers that reach the client all the same (an old row, a fault elsewhere) and must not change the request's frame.
UNSENDABLE = [
    HeaderCase("control in a value", LIST, {"X-Tenant": "a\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1"}),
    HeaderCase("control in a value", LIST, {"X-Tenant": "a\nb"}),
    HeaderCase("control in a value", LIST, {"X-Tenant": "a\x00"}),
    HeaderCase("not latin-1 in a value", LIST, {"X-Tenant": "日本"}),
    HeaderCase("name that is no token", LIST, {"X-Tenant: a\r\nX": "1"}),
    HeaderCase("name that is no token", OWN, {"": "1"}),
    HeaderCase("name that is no token", OWN, {"X-Tenänt": "1"}),
    HeaderCase("header of the transport", LIST, {"Transfer-Encoding": "chunked"}),
    HeaderCase("header of the transport", LIST, {"content-length": "0"}),
    HeaderCase("header of the transport", LIST, {"Host": "127.0.0.1"}),
    HeaderCase("header of the transport", LIST, {"Expect": "100-continue"}),
    HeaderCase("header of the transport", LIST, {"Connection": "close"}),
    HeaderCase("header of the transport", LIST, {"Proxy-Authorization": "Basic eA=="}),
]
