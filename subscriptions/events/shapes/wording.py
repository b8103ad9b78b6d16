"""The wording of a chat message: a text with placeholders, and nothing else that would be carried out. Pure.

The first line is the title. A line such as `Source: {{source}}` becomes a row with a bold label. A line whose
placeholders are all empty is left out.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from difflib import get_close_matches

from ...lib.chat import LONGEST_LABEL, LONGEST_LINE, MOST_FACTS, MOST_LINES, Fact, Link, Message

LONGEST = 2_000
MOST = MOST_LINES + MOST_FACTS
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # JSON in PostgreSQL holds no NUL
_PLACEHOLDER = re.compile(r"\{\{\s*([a-z][a-z0-9_]{0,63})\s*\}\}")
_ROW = re.compile(rf"([^:{{}}]{{1,{LONGEST_LABEL}}}):\s+(\S.*)", re.S)

_CALL = """
Number: {{caller_number}}
Source: {{source}}
Campaign: {{campaign}}
Place: {{caller_location}}
Your number: {{tracking_number}}
When: {{time}}
"""
PRESETS = {
    "pre_call": f"Incoming call from {{{{caller}}}}{_CALL}",
    "call_routing_complete": f"Call from {{{{caller}}}}, routed to {{{{business_number}}}}{_CALL}",
    "post_call": f"{{{{outcome}}}}: {{{{caller}}}}{_CALL}Duration: {{{{duration}}}}\nTags: {{{{tags}}}}\n",
    "call_modified": "Changed: call of {{caller}}\nWhat changed: {{changes}}\nNumber: {{caller_number}}\n"
    "Lead status: {{lead_status}}\nValue: {{formatted_value}}\nTags: {{tags}}\nNote: {{note}}\n",
    "text_message_sent": "Text to {{caller_number}}\n{{content}}\nFrom: {{tracking_number}}\nWhen: {{time}}\n",
    "text_message_received": "Text from {{caller_number}}\n{{content}}\nTo: {{tracking_number}}\nWhen: {{time}}\n",
    "form_submission": "A form was sent\n{{form_fields}}\nPage: {{form_url}}\nSource: {{source}}\n"
    "Campaign: {{campaign}}\nWhen: {{time}}\n",
    "endpoint.failing": "Webhooks to {{subscription_name}} are failing\nSince: {{since}}\nLast answer: {{reason}}\n",
    "endpoint.recovered": "Webhooks to {{subscription_name}} arrive again\nFailing since: {{since}}\n",
    "endpoint.disabled": "Webhooks to {{subscription_name}} have been disabled\nWhy: {{reason}}\n",
    "manifest.ready": "Manifest of {{day}}: {{subscription_name}}\nEvents: {{events}}\nOutcomes: {{outcomes}}\n",
    "delivery.given_up": "We stopped trying a webhook to {{subscription_name}}\nEvent: {{event_type}}\n"
    "Attempts: {{attempts}}\nLast answer: {{reason}}\n",
}
FOR_OTHERS = "{{event}}\n"


def preset(event_type: str) -> str:
    return PRESETS.get(event_type, FOR_OTHERS).strip()


def check(text: str, known: Container[str], all_known: list[str]) -> str:
    """The wording, without blanks at its ends. Raises ValueError with what to change."""
    text = "\n".join(line.rstrip() for line in text.strip().splitlines())
    if not text:
        raise ValueError("Write at least one line, or take the message out for the usual wording.")
    if len(text) > LONGEST or text.count("\n") >= MOST:
        raise ValueError(f"A message has {LONGEST:,} characters and {MOST} lines at most.")
    if _UNPRINTABLE.search(text):
        raise ValueError("A message has letters, signs and line ends, and no control characters.")
    for name in _PLACEHOLDER.findall(text):
        if name not in known:
            near = get_close_matches(name, all_known, 3, 0.6)
            hint = f" Did you mean {' or '.join(f'{{{{{each}}}}}' for each in near)}?" if near else ""
            raise ValueError(f"This event has no {{{{{name}}}}}.{hint}")
    rest = _PLACEHOLDER.sub("", text)
    for sign in ("{{", "}}"):
        if sign in rest:
            found = rest[max(0, rest.index(sign) - 1) : rest.index(sign) + 30].strip()
            raise ValueError(f"“{found}” is no placeholder. Write one such as {{{{caller_name}}}}.")
    return text


def fill(text: str, values: Mapping[str, str], link: Link) -> Message:
    """The message with these values in their places, each as it is: what stands in a value is not filled again."""
    title, *rest = text.splitlines() or [""]
    lines: list[str] = []
    facts: list[Fact] = []
    for line in rest:
        names = _PLACEHOLDER.findall(line)
        if not line.strip() or (names and not any(values.get(name) for name in names)):
            continue
        row = _ROW.fullmatch(line)
        if row is not None:
            facts.append(Fact(row[1].strip(), _filled(row[2], values)))
        elif line.strip() == "{{form_fields}}":
            facts += _rows(values.get("form_fields", "")) if len(facts) < MOST_FACTS else []
        else:
            lines.append(_filled(line, values))
    return Message(_filled(title, values), lines, facts, [link] if link.url else [])


def _filled(text: str, values: Mapping[str, str]) -> str:
    """No value is longer than a line: megabytes of a transcript, named a hundred times, would fill the memory."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], "")[: LONGEST_LINE + 1], text)


def _rows(fields: str) -> list[Fact]:
    """Each field of a form as a row of its own."""
    found = (line.partition(": ") for line in fields.splitlines())
    return [Fact(name, value) for name, _, value in found if name and value]
