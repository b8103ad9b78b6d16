"""What to do about a webhook that did not arrive: a sentence for each code of `delivery/failures.py`, each answer."""

from __future__ import annotations

_ERRORS = {
    "timeout": "Let your server answer at once with any 2xx and do its work afterwards.",
    "connect_timeout": "See whether the server is up and whether a firewall keeps our requests out.",
    "connection_refused": "See whether the server runs, and whether the port in the URL is right.",
    "connection_failed": "See whether the server is up and can be reached from the internet.",
    "reset": "See the server's log: it broke off before it answered. A proxy or firewall in front may have done it.",
    "unreachable": "See whether the server's network is up and can be reached from the internet.",
    "dns": "See whether the host name in the URL is spelled right, and whether its DNS records are there.",
    "dns_timeout": "Most often this passes. If it stays, see whether the name servers of the host name answer.",
    "tls": "See whether the server speaks TLS 1.2 or newer on the port in the URL.",
    "tls_expired": "Renew the server's certificate, and see that its clock is right.",
    "tls_untrusted": "Use a certificate of a public authority, and let the server send the whole chain.",
    "tls_hostname": "Use the host name that the certificate is for, or get a certificate for this one.",
    "tls_client_certificate": "Set a client certificate that the server trusts, on the subscription's page.",
    "refused_address": "Webhooks go to public addresses only: let the host name lead to one.",
    "bad_response": "See whether the URL leads to a web server: the answer was not proper HTTP.",
    "bad_header": "Take the characters that are not allowed out of the subscription's custom headers.",
    "proxy": "The fault is in this service's own proxy. Tell its operator if it stays.",
    "shortage": "The fault is on our side and passes; it is tried again.",
    "internal": "The fault is on our side. Tell the operator of this service.",
}
_ANSWERS = {
    401: "Give the subscription the login that your server asks for. If it checks signatures, see whether it has the "
    "subscription's secret as it is now.",
    403: "Let your server accept these requests: see its firewall, its list of addresses, its check of the signature.",
    404: "See whether the path in the subscription's URL is right.",
    405: "Let your server accept POST at this URL.",
    410: "Your server said that it wants no more. If that is wrong, correct it and resume the subscription.",
    413: "Raise the largest body that your server accepts.",
    415: "Let your server accept application/json.",
    429: "Set a rate on the subscription that your server can keep up with.",
}
_CLASSES = {
    3: "Redirects are not followed: put the final address into the subscription's URL.",
    4: "Your server refused the request; its answer and its log say why.",
    5: "Something went wrong in your server; its log says what.",
}


def find_advice(status: int | None, error: str) -> str:
    """For the last attempt. "" where there is nothing to do."""
    if error:
        return _ERRORS.get(error, "")
    if status is None:
        return ""
    return _ANSWERS.get(status) or _CLASSES.get(status // 100, "")
