"""Messages for chat products: one message, and for each product the body that its incoming webhook takes.

Whatever stands in a message is shown as it is: names and answers of strangers cannot mention a channel, hide a link or
change how the rest looks. Where a product has a kind of text without formatting it is used, elsewhere its formatting
characters are escaped. Pure: no clock, no settings.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

# All characters of a message together. Teams refuses more than 28 KB, and a character has four bytes at most. Discord
# refuses more than 4,096 characters with the links, and an escaped one is two.
LONGEST, LONGEST_FOR_DISCORD = 5_000, 1_250
LONGEST_TITLE = 150  # Slack's header, the shortest of all
LONGEST_LINE = 1_000
LONGEST_LABEL, LONGEST_VALUE = 60, 500
LONGEST_URL = 400
LONGEST_BUTTON = 60
LONGEST_FALLBACK = 1_000  # what a phone's notification shows
MOST_LINES, MOST_FACTS, MOST_LINKS = 15, 15, 3
FACTS_OF_SECTION = 5  # Slack: ten fields, and a fact takes two

LONGEST_TITLE_OF_DISCORD = 128  # 256 with the escapes
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DISCORD = re.compile(r"([\\*_~`|>#\[\]()<@:-])")


class Fact(NamedTuple):
    label: str
    value: str


class Link(NamedTuple):
    label: str
    url: str  # http or https


@dataclass(frozen=True, slots=True)
class Message:
    """A title of one line, lines of text, facts, and links as buttons. Too long ones are cut, empty ones left out."""

    title: str
    lines: Sequence[str] = ()
    facts: Sequence[Fact] = ()
    links: Sequence[Link] = ()


def slack(message: Message) -> bytes:
    """Block Kit, with `text` for notifications and old clients."""
    fit = _fit(message)
    blocks: list[dict[str, Any]] = [{"type": "header", "text": _slack_plain(fit.title)}]
    blocks += [{"type": "section", "text": _slack_plain(line)} for line in fit.lines]
    for start in range(0, len(fit.facts), FACTS_OF_SECTION):
        fields: list[dict[str, Any]] = []
        for label, value in fit.facts[start : start + FACTS_OF_SECTION]:
            bold = {"type": "mrkdwn", "text": f"*{_slack_label(label)}*", "verbatim": True}
            fields += [bold, _slack_plain(value)]
        blocks.append({"type": "section", "fields": fields})
    if fit.links:
        blocks.append({"type": "actions", "elements": [_slack_button(link) for link in fit.links]})
    # Not mrkdwn, and nothing in it becomes a link or a mention.
    return _json({"text": _slack_escaped(_fallback(fit)), "mrkdwn": False, "link_names": False, "blocks": blocks})


def teams(message: Message) -> bytes:
    """An Adaptive Card in the message that a Workflows webhook takes. Rich text blocks know no Markdown."""
    fit = _fit(message)
    body: list[dict[str, Any]] = [_teams_block({"text": fit.title, "weight": "Bolder", "size": "Medium"})]
    body += [_teams_block({"text": line}) for line in fit.lines]
    body += [
        _teams_block(
            {"text": f"{label}: ", "weight": "Bolder"}, {"text": value}, spacing="Small" if place else "Medium"
        )
        for place, (label, value) in enumerate(fit.facts)
    ]
    card: dict[str, Any] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": _fallback(fit),
        "body": body,
    }
    if fit.links:
        card["actions"] = [{"type": "Action.OpenUrl", "title": label, "url": url} for label, url in fit.links]
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return _json({"type": "message", "attachments": [attachment]})


def google_chat(message: Message) -> bytes:
    """A card, and `fallbackText` for notifications. Text of widgets is HTML; headers, labels and buttons are not."""
    fit = _fit(message)
    widgets: list[dict[str, Any]] = [{"textParagraph": {"text": _google_html(line)}} for line in fit.lines]
    widgets += [
        {"decoratedText": {"topLabel": label, "text": _google_html(value), "wrapText": True}}
        for label, value in fit.facts
    ]
    if fit.links:
        buttons = [{"text": label, "onClick": {"openLink": {"url": url}}} for label, url in fit.links]
        widgets.append({"buttonList": {"buttons": buttons}})
    card: dict[str, Any] = {"header": {"title": fit.title}}
    if widgets:
        card["sections"] = [{"widgets": widgets}]
    # <users/all> would call everybody.
    fallback = _fallback(fit).replace("<", "\N{SINGLE LEFT-POINTING ANGLE QUOTATION MARK}")
    return _json({"fallbackText": fallback, "cardsV2": [{"cardId": "callhooks", "card": card}]})


def discord(message: Message) -> bytes:
    """An embed. Nobody is mentioned, whatever the text says."""
    fit = _fit(message, LONGEST_FOR_DISCORD)
    lines = [_discord_escaped(line) for line in fit.lines]
    lines += [f"[{_discord_escaped(label)}]({_discord_url(url)})" for label, url in fit.links]
    # Titles are formatted, too, and addresses in them can be followed.
    embed: dict[str, Any] = {"title": _discord_escaped(_cut(fit.title, LONGEST_TITLE_OF_DISCORD))}
    if lines:
        embed["description"] = "\n".join(lines)
    if fit.facts:
        embed["fields"] = [
            {"name": _discord_escaped(label), "value": _discord_escaped(value), "inline": len(value) < 40}
            for label, value in fit.facts
        ]
    return _json({"embeds": [embed], "allowed_mentions": {"parse": []}})


BUILDERS: dict[str, Callable[[Message], bytes]] = {
    "slack": slack,
    "teams": teams,
    "google_chat": google_chat,
    "discord": discord,
}


def plain(message: Message) -> str:
    """The same as text, for mails and previews."""
    fit = _fit(message)
    parts = ["\n".join(fit.lines), "\n".join(f"{label}: {value}" for label, value in fit.facts)]
    parts += [f"{label}: {url}" for label, url in fit.links]
    return "\n\n".join(part for part in parts if part)


def _fit(message: Message, longest: int = LONGEST) -> Message:
    """The message as it is sent: without invisible characters, and no longer than its product takes."""
    room = _Room(longest)
    title = room.cut(" ".join(message.title.split()), LONGEST_TITLE) or "\N{HORIZONTAL ELLIPSIS}"
    links = [Link(_cut(label, LONGEST_BUTTON) or "Open", url) for label, url in message.links if _is_link(url)]
    lines = [cut for line in message.lines[:MOST_LINES] if (cut := room.cut(line, LONGEST_LINE))]
    facts = []
    for label, value in message.facts[:MOST_FACTS]:
        name, said = room.cut(label, LONGEST_LABEL), room.cut(value, LONGEST_VALUE)
        if name and said:
            facts.append(Fact(name, said))
    return Message(title, lines, facts, links[:MOST_LINKS])


class _Room:
    def __init__(self, characters: int) -> None:
        self._left = characters

    def cut(self, text: str, longest: int) -> str:
        """As much of the text as there is room for."""
        cut = _cut(text, min(longest, self._left))
        self._left -= len(cut)
        return cut


def _cut(text: str, longest: int) -> str:
    text = _INVISIBLE.sub(" ", text).strip()
    if len(text) <= longest:
        return text
    return f"{text[: longest - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}" if longest > 1 else ""


def _is_link(url: str) -> bool:
    return url.startswith(("https://", "http://")) and len(url) <= LONGEST_URL and not re.search(r"[\s<>\"|]", url)


def _fallback(message: Message) -> str:
    return _cut("\n".join([message.title, *message.lines]), LONGEST_FALLBACK)


def _slack_escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _slack_plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": _slack_escaped(text), "emoji": False}


def _slack_label(text: str) -> str:
    """Between two asterisks, none of the characters that would end or nest the bold text."""
    return re.sub(r"[*_~`\n]", " ", _slack_escaped(text))


def _slack_button(link: Link) -> dict[str, Any]:
    return {"type": "button", "text": _slack_plain(link.label), "url": link.url}


def _teams_block(*runs: dict[str, Any], spacing: str = "Default") -> dict[str, Any]:
    return {"type": "RichTextBlock", "spacing": spacing, "inlines": [{"type": "TextRun"} | run for run in runs]}


def _google_html(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")


def _discord_escaped(text: str) -> str:
    return _DISCORD.sub(r"\\\1", text)


def _discord_url(url: str) -> str:
    return url.replace("(", "%28").replace(")", "%29")


def _json(body: dict[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
