"""Python's own TLS, for single requests: one context for each CA bundle, and what its errors mean."""

from __future__ import annotations

import ssl
from functools import lru_cache

from . import failures
from .failures import SendFailed


@lru_cache(maxsize=8)
def verifying_context(ca_bundle: str) -> ssl.SSLContext:
    """Parsing a bundle takes 20 ms. Raises OSError for one that cannot be read."""
    context = ssl.create_default_context(cafile=ca_bundle)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    # Python adds rules to OpenSSL's since 3.13: whom we trust does not depend on its version.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def failure_of(error: BaseException) -> SendFailed | None:
    """The failure of TLS or of a socket that an exception means, or one that it was made from. Not for timeouts."""
    return next((failure for cause in failures.causes(error) if (failure := _failure(cause))), None)


def _failure(error: BaseException) -> SendFailed | None:
    if isinstance(error, SendFailed):
        return error
    if isinstance(error, ssl.SSLCertVerificationError):
        return failures.bad_certificate(f"verify result: {error.verify_message} (0)", error.verify_code)
    if isinstance(error, ssl.SSLError):
        return failures.NO_TLS
    if isinstance(error, ConnectionError) and error.errno is None:
        return failures.RESET
    return failures.from_errno(error.errno) if isinstance(error, OSError) and error.errno else None
