"""Keywords by which customers ask for no more texts, or for texts again. No Django.

A text that is nothing but one of these words is a request; carriers and providers act on the same words."""

from __future__ import annotations

STOP = frozenset("stop stopall unsubscribe cancel end quit optout revoke".split())
START = frozenset("start unstop yes".split())


def read_opt_out(content: str, provider_says: str = "") -> bool | None:
    """True for a text that asks for no more, False for one that asks for texts again, else None. What the provider
    takes it for (STOP, START, HELP) counts first: a company can choose keywords of its own there."""
    word = (provider_says or "".join(content.split()).strip(".!\"'")).lower()
    if word in STOP:
        return True
    return False if word in START else None
