"""The URLs of chats: what people paste by mistake, and what looks unusual. Pure.

A URL of another server is not refused: Mattermost and others take Slack's messages, and some companies have a relay of
their own. But what is certainly no webhook is."""

from __future__ import annotations

from urllib.parse import urlsplit

# Kind → the ends of the hosts of its webhooks, and where people find the URL.
_USUAL = {
    "slack": (("hooks.slack.com", "hooks.slack-gov.com"), "https://hooks.slack.com/services/"),
    "teams": (
        ("logic.azure.com", "api.powerplatform.com", "powerautomate.com", "webhook.office.com"),
        "https://….api.powerplatform.com/ or https://….logic.azure.com/",
    ),
    "googlechat": (("chat.googleapis.com",), "https://chat.googleapis.com/v1/spaces/"),
}
# Hosts of the programs themselves: links to a channel or a room.
_PROGRAMS = {
    "slack": ("app.slack.com", "slack.com"),
    "teams": ("teams.microsoft.com", "teams.live.com", "teams.cloud.microsoft"),
    "googlechat": ("chat.google.com", "mail.google.com"),
}
_WHERE = {
    "slack": "In Slack, add an “Incoming Webhook” to the channel and copy its Webhook URL.",
    "teams": "In Teams, open the channel's “Workflows”, choose “Post to a channel when a webhook request is received”, "
    "and copy the URL that it shows at the end.",
    "googlechat": "In Google Chat, open “Apps & integrations” of the space, add a webhook, and copy its link.",
}


def refuse_page(kind: str, url: str) -> None:
    """Raises ValueError for the address of a channel or a room, which takes no messages."""
    host = (urlsplit(url).hostname or "").lower()
    if any(host == name or (kind == "slack" and host.endswith(f".{name}")) for name in _PROGRAMS.get(kind, ())) and (
        not is_usual(kind, url)
    ):
        raise ValueError(f"This is the address of a page, not of a webhook. {_WHERE[kind]}")


def is_usual(kind: str, url: str) -> bool:
    host = (urlsplit(url).hostname or "").lower()
    ends, _ = _USUAL.get(kind, ((), ""))
    return not ends or any(host == end or host.endswith(f".{end}") for end in ends)


def hint(kind: str, url: str) -> str:
    """What is unusual about the URL; empty if nothing is."""
    if is_usual(kind, url):
        return ""
    return f"Such URLs usually begin with {_USUAL[kind][1]}. Send a test alert to see whether it arrives."


def shown(url: str) -> str:
    """The URL without what is secret: whoever knows all of it can write into the chat."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"
