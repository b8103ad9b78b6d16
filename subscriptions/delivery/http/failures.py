"""Why a request got no answer: a stable code for programs, and plain words for people.

The words are shown to the subscriber: they say nothing of addresses or of what the operating system reported.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

import pycurl


class SendFailed(Exception):
    """No answer came. `code` is stable and short, the text is one plain sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def is_refusal(self) -> bool:
        """Whether it is for the URL or where it leads: then nothing was sent, and another try ends the same."""
        return self.code in ("bad_url", "refused_address")


# OpenSSL's X509_V_ERR_… numbers. What is not here is told in OpenSSL's own words.
_UNTRUSTED = "The server's certificate comes from an authority that is not trusted, or its chain is incomplete."
_CERTIFICATE = {
    9: ("tls_expired", "The server's certificate is not valid yet."),
    10: ("tls_expired", "The server's certificate expired."),
    18: ("tls_untrusted", "The server's certificate is self-signed."),
    19: ("tls_untrusted", _UNTRUSTED),
    20: ("tls_untrusted", _UNTRUSTED),
    21: ("tls_untrusted", _UNTRUSTED),
    23: ("tls_untrusted", "The server's certificate was revoked."),
    62: ("tls_hostname", "The server's certificate is for another host name."),
    64: ("tls_hostname", "The server's certificate is for another address."),
}
_RULE = re.compile(r"verify result: ([A-Za-z0-9 '(),./-]{3,150}?) \([0-9]+\)$")
NO_NAME = SendFailed("tls_hostname", "The server's certificate names no host: it is for another host name.")

# What a server says of the certificate that we showed, or did not show: OpenSSL's words for TLS alerts.
_CLIENT_CERTIFICATE = {
    "alert certificate required": "The server asks for a client certificate.",
    "alert bad certificate": "The server did not accept the client certificate.",
    "alert unsupported certificate": "The server does not accept a client certificate of this kind.",
    "alert certificate revoked": "The server says that the client certificate was revoked.",
    "alert certificate expired": "The server says that the client certificate expired.",
    "alert certificate unknown": "The server did not accept the client certificate.",
    "alert unknown ca": "The server does not trust the authority that the client certificate is from.",
    "alert access denied": "The server does not let this client certificate in.",
}

_REFUSED = ("connection_refused", "The server refused the connection.")
_RESET = ("reset", "The server closed the connection without an answer.")
_UNREACHABLE = ("unreachable", "The server's network could not be reached.")
_FAILED = ("connection_failed", "The connection to the server failed.")
_SHORTAGE = ("shortage", "This service was short of network connections at that moment.")
_ERRNO = {
    errno.ECONNREFUSED: _REFUSED,
    **dict.fromkeys((errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE), _RESET),
    **dict.fromkeys(
        (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EACCES, errno.EPERM),
        _UNREACHABLE,
    ),
    **dict.fromkeys((errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL), _SHORTAGE),
}
_BAD_RESPONSE = ("bad_response", "The server did not answer in HTTP.")
_CERTIFICATE_PROBLEM = (
    "tls_client_certificate",
    "The client certificate that is stored for this subscription cannot be used. Give it anew.",
)
_TLS = ("tls", "No secure connection (TLS) could be made with the server.")
_CODES = {
    pycurl.E_UNSUPPORTED_PROTOCOL: _BAD_RESPONSE,
    pycurl.E_FTP_WEIRD_SERVER_REPLY: _BAD_RESPONSE,
    pycurl.E_BAD_CONTENT_ENCODING: _BAD_RESPONSE,
    100: ("bad_response", "The server's answer broke off in its headers, or they are too long."),  # E_TOO_LARGE
    pycurl.E_GOT_NOTHING: _RESET,
    pycurl.E_SEND_ERROR: _RESET,
    pycurl.E_RECV_ERROR: _RESET,
    pycurl.E_SSL_CONNECT_ERROR: _TLS,
    pycurl.E_SSL_CERTPROBLEM: _CERTIFICATE_PROBLEM,
    pycurl.E_OUT_OF_MEMORY: _SHORTAGE,
}
CLIENT_CERTIFICATE = SendFailed(*_CERTIFICATE_PROBLEM)
NO_HTTP = SendFailed(*_BAD_RESPONSE)
NO_TLS = SendFailed(*_TLS)
RESET = SendFailed(*_RESET)
INTERNAL = SendFailed("internal", "A fault in this service kept the request from being sent.")


def seconds(number: float) -> str:
    return f"{number:g} s"


def causes(error: BaseException) -> Iterator[BaseException]:
    """An exception, and those that it was made from: libraries put them into arguments too."""
    yield error
    for cause in (*error.args, getattr(error, "reason", None), error.__cause__ or error.__context__):
        if isinstance(cause, BaseException):
            yield from causes(cause)


def from_errno(number: int) -> SendFailed:
    """The failure that an error of a socket means."""
    return SendFailed(*_ERRNO.get(number, _FAILED))


def from_libcurl(code: int, text: str, *, verify_result: int, os_errno: int) -> SendFailed:
    """The failure that libcurl's code and words mean. Not for timeouts: their words depend on what took long."""
    if code == pycurl.E_PEER_FAILED_VERIFICATION:
        return bad_certificate(text, verify_result)
    lowered = text.lower()
    for alert, message in _CLIENT_CERTIFICATE.items():
        if alert in lowered:
            return SendFailed("tls_client_certificate", message)
    if code == pycurl.E_COULDNT_CONNECT:
        return from_errno(os_errno)
    return SendFailed(*_CODES.get(code, _FAILED))


def bad_certificate(text: str, verify_result: int) -> SendFailed:
    """Which rule a server's certificate broke, from OpenSSL's number for it and libcurl's words."""
    if known := _CERTIFICATE.get(verify_result):
        return SendFailed(*known)
    if rule := _RULE.search(text):
        return SendFailed("tls_untrusted", f"The server's certificate could not be verified: {rule[1]}.")
    return SendFailed("tls_hostname", "The server's certificate is for another host name.")
