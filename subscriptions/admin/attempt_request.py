"""An attempt, exactly: what its signatures were made over, and a command that sends the same again. Pure.

Only what the log kept is shown: signatures as they were sent, secrets as the mask that stands for them.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from ..delivery.masking import MASK

Headers = Sequence[Sequence[str]]
# Linux gives one argument of a command 128 KiB; a longer body goes through a pipe, as printf is part of the shell.
LONGEST_ARGUMENT = 100_000
# Receivers that follow Standard Webhooks refuse a timestamp that is further from their clock than this.
TOLERANCE_MINUTES = 5


def curl(url: str, headers: Headers, body: bytes) -> str:
    """A command for a POSIX shell that makes this request once more, byte for byte. "" for a body that is not UTF-8."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return ""
    if "\x00" in text:
        return ""
    # An empty header is "Name;" in curl's language. Nothing in the URL is a pattern, and no dots are taken out of it.
    given = [f"{name}: {value}" if value else f"{name};" for name, value in headers]
    lines = ["curl --request POST --globoff --path-as-is --include"]
    lines += [f"  --header {shlex.quote(line)}" for line in given]
    long = len(body) > LONGEST_ARGUMENT
    lines.append("  --data-binary @-" if long else f"  --data-raw {shlex.quote(text)}")
    lines.append(f"  --url {shlex.quote(url)}")
    command = " \\\n".join(lines)
    return f"printf %s {shlex.quote(text)} |\n{command}" if long else command


def is_masked(headers: Headers) -> bool:
    """Whether a secret would have to be put in by hand."""
    return any(MASK in value for _, value in headers)


def signed_prefix(headers: Headers) -> str:
    """What stands before the body in what `webhook-signature` was made over; "" where the log has no such header."""
    named = {name.lower(): value for name, value in headers}
    try:
        return f"{named['webhook-id']}.{named['webhook-timestamp']}."
    except KeyError:
        return ""


def header(headers: Headers, wanted: str) -> str:
    return next((value for name, value in headers if name.lower() == wanted), "")
