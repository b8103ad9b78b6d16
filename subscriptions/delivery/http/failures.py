"""Why a request got no answer: a stable code for programs, and plain words for people.

The words are shown to the subscriber: they say nothing of addresses or of what the operating system reported.
"""

from __future__ import annotations

import errno
import ssl

# OpenSSL's X509_V_ERR_… numbers, which Python hands on in SSLCertVerificationError.verify_code.
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
_UNREACHABLE = {
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.EHOSTDOWN,
    errno.ENETDOWN,
    errno.EACCES,
    errno.EPERM,
}
_SHORTAGE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}


# What a server says of the certificate that we showed, or did not show: OpenSSL's names of TLS alerts.
_CLIENT_CERTIFICATE = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "The server asks for a client certificate.",
    "SSLV3_ALERT_BAD_CERTIFICATE": "The server did not accept the client certificate.",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "The server does not accept a client certificate of this kind.",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "The server says that the client certificate was revoked.",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "The server says that the client certificate expired.",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "The server did not accept the client certificate.",
    "TLSV1_ALERT_UNKNOWN_CA": "The server does not trust the authority that the client certificate is from.",
    "TLSV1_ALERT_ACCESS_DENIED": "The server does not let this client certificate in.",
}


class SendFailed(Exception):
    """No answer came. `code` is stable and short, the text is one plain sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def seconds(number: float) -> str:
    return f"{number:g} s"


def from_error(error: OSError) -> SendFailed:
    """The failure that an error of a socket means. Not for timeouts: their words depend on what took long."""
    if isinstance(error, ssl.SSLCertVerificationError):
        code, message = _CERTIFICATE.get(
            error.verify_code, ("tls_untrusted", "The server's certificate could not be verified.")
        )
        return SendFailed(code, message)
    if isinstance(error, ssl.SSLError) and error.reason in _CLIENT_CERTIFICATE:
        return SendFailed("tls_client_certificate", _CLIENT_CERTIFICATE[error.reason])
    if isinstance(error, ssl.SSLError):
        return SendFailed("tls", "No secure connection (TLS) could be made with the server.")
    if isinstance(error, ConnectionRefusedError):
        return SendFailed("connection_refused", "The server refused the connection.")
    if isinstance(error, ConnectionError):
        return SendFailed("reset", "The server closed the connection without an answer.")
    if error.errno in _SHORTAGE:
        return SendFailed("shortage", "This service was short of network connections at that moment.")
    if error.errno in _UNREACHABLE:
        return SendFailed("unreachable", "The server's network could not be reached.")
    return SendFailed("connection_failed", "The connection to the server failed.")
