"""The request of an attempt: the text that was signed, and a curl command that repeats it. Pure functions.

Input is what the log stores: signatures as sent, secrets as a mask.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from ..delivery.masking import MASK

Headers = Sequence[Sequence[str]]
# Linux limits one argument of a command to 128 KiB. A longer body is piped, since printf is a shell builtin.
LONGEST_ARGUMENT = 100_000
# Standard Webhooks receivers refuse a timestamp that differs more than this from their clock.
TOLERANCE_MINUTES = 5


def curl(url: str, headers: Headers, body: bytes) -> str:
    """A POSIX shell command that repeats this request byte for byte; "" if the body is not UTF-8."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return ""
    if "\x00" in text:
        return ""
    # curl writes an empty header as "Name;". --globoff and --path-as-is keep the URL as it is.
    given = [f"{name}: {value}" if value else f"{name};" for name, value in headers]
    lines = ["curl --request POST --globoff --path-as-is --include"]
    lines += [f"  --header {shlex.quote(line)}" for line in given]
    long = len(body) > LONGEST_ARGUMENT
    lines.append("  --data-binary @-" if long else f"  --data-raw {shlex.quote(text)}")
    lines.append(f"  --url {shlex.quote(url)}")
    command = " \\\n".join(lines)
    return f"printf %s {shlex.quote(text)} |\n{command}" if long else command


def is_masked(headers: Headers) -> bool:
    """Whether a secret is masked, so that the user has to insert it."""
    return any(MASK in value for _, value in headers)


def signed_prefix(headers: Headers) -> str:
    """The text before the body in the signed content of `webhook-signature`; "" if the headers are missing."""
    named = {name.lower(): value for name, value in headers}
    try:
        return f"{named['webhook-id']}.{named['webhook-timestamp']}."
    except KeyError:
        return ""


def header(headers: Headers, wanted: str) -> str:
    return next((value for name, value in headers if name.lower() == wanted), "")
