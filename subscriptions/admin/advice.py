"""Advice for a failed webhook: one sentence for each code of `delivery/failures.py` and for each HTTP status."""

from __future__ import annotations

_ERRORS = {
    "timeout": "Let your server answer immediately with a 2xx status, and do its work afterwards.",
    "connect_timeout": "Check that the server is running and that no firewall blocks our requests.",
    "connection_refused": "Check that the server is running and that the port in the URL is right.",
    "connection_failed": "Check that the server is running and reachable from the internet.",
    "reset": "Check the server's log. It closed the connection before answering. A proxy or firewall may be the cause.",
    "unreachable": "Check that the server's network is up and reachable from the internet.",
    "dns": "Check the spelling of the host name in the URL, and its DNS records.",
    "dns_timeout": "This is usually temporary. If it continues, check the name servers of the domain.",
    "tls": "Check that the server supports TLS 1.2 or newer on the port in the URL.",
    "tls_expired": "Renew the server's certificate, and check its clock.",
    "tls_untrusted": "Use a certificate from a public certificate authority, and let the server send the full chain.",
    "tls_hostname": "Use the host name that the certificate is for, or get a certificate for this host name.",
    "tls_client_certificate": "Add a client certificate that the server trusts on the subscription's page.",
    "refused_address": "Use a host name that resolves to a public IP address. Webhooks are sent to no others.",
    "bad_response": "Check that the URL points to a web server. The response was not valid HTTP.",
    "bad_header": "Remove the invalid characters from the subscription's custom headers.",
    "proxy": "The proxy of this service failed. Tell the operator if this continues.",
    "token": "Check the OAuth client on the subscription's page: token URL, client ID, secret and scope.",
    "shortage": "This is a temporary problem on our side. We will try again.",
    "internal": "This is a problem on our side. Tell the operator of this service.",
}
_ANSWERS = {
    401: "Enter the login that your server requires on the subscription's page. If your server checks signatures, "
    "check that it has the current secret.",
    403: "Let your server accept these requests. Check its firewall, its allowed addresses and its signature check.",
    404: "Check the path in the subscription's URL.",
    405: "Let your server accept POST requests at this URL.",
    410: "Your server asked us to stop. If that is a mistake, fix your server and resume the subscription.",
    413: "Raise the maximum request size of your server.",
    415: "Let your server accept the content type application/json.",
    429: "Set a rate limit on the subscription that your server can handle.",
}
_CLASSES = {
    3: "We do not follow redirects. Use the final address as the subscription's URL.",
    4: "Your server refused the request. Check its response and its log for the reason.",
    5: "Your server had an error. Check its log.",
}

# Where docs/troubleshooting.md says more, by the anchor of its heading.
_NO_ANSWER, _NOT_REACHED = "no-answer-in-time", "the-server-was-not-found-or-not-reached"
_CERTIFICATE, _OURS = "its-certificate-is-not-accepted", "a-problem-of-our-own"
_WRONG_ADDRESS, _NOT_ACCEPTED = "the-address-is-wrong", "it-does-not-accept-what-we-send"
SYMPTOMS = {
    "timeout": _NO_ANSWER,
    "connect_timeout": _NOT_REACHED,
    "connection_refused": _NOT_REACHED,
    "connection_failed": _NOT_REACHED,
    "reset": _NOT_REACHED,
    "unreachable": _NOT_REACHED,
    "dns": _NOT_REACHED,
    "dns_timeout": _NOT_REACHED,
    "refused_address": _NOT_REACHED,
    "tls": _CERTIFICATE,
    "tls_expired": _CERTIFICATE,
    "tls_untrusted": _CERTIFICATE,
    "tls_hostname": _CERTIFICATE,
    "tls_client_certificate": _CERTIFICATE,
    "bad_response": _WRONG_ADDRESS,
    "bad_header": _NOT_ACCEPTED,
    "token": "it-wants-a-login",
    "proxy": _OURS,
    "shortage": _OURS,
    "internal": _OURS,
}
_STATUS_SYMPTOMS = {
    401: "it-wants-a-login",
    403: "it-does-not-let-us-in",
    404: _WRONG_ADDRESS,
    410: _WRONG_ADDRESS,
    429: "too-many-at-once",
}
_CLASS_SYMPTOMS = {3: _WRONG_ADDRESS, 4: _NOT_ACCEPTED, 5: "the-other-side-has-an-error"}
_ANY = "a-webhook-was-refused"


def find_symptom(status: int | None, error: str) -> str:
    """The heading in docs/troubleshooting.md about the last attempt."""
    if error or status is None:
        return SYMPTOMS.get(error, _ANY)
    return _STATUS_SYMPTOMS.get(status) or _CLASS_SYMPTOMS.get(status // 100, _ANY)


def find_advice(status: int | None, error: str) -> str:
    """Advice for the last attempt; "" if there is none."""
    if error:
        return _ERRORS.get(error, "")
    if status is None:
        return ""
    return _ANSWERS.get(status) or _CLASSES.get(status // 100, "")
