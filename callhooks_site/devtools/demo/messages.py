"""Steps of texts and forms."""

from typing import Any

from . import events
from .people import Person
from .steps import Scenario, Step, format_time_ago


def plan_texts(scenario: Scenario) -> list[Step]:
    """A short conversation: inbound with a picture, outbound with emoji, inbound with line breaks."""
    who, name = scenario.people.pick_person(), scenario.subject
    first = who.first_name
    return [
        _text(
            scenario, f"{name}-1", 60, who, "inbound", f"{first} ({who.phone}) sends a text with a picture.",
            "Is this the right kind of tile? 📷", ["https://media.example.com/roof.jpg"],
        ),
        _text(
            scenario, f"{name}-2", 30, who, "outbound", "Sam answers with a text.",
            f"Yes, {first}, it is 👍🏽 We have 300 of them – see you on Thursday 👩‍👩‍👧 🇺🇸",
        ),
        _text(scenario, f"{name}-3", 5, who, "inbound", f"{first} thanks.", "Great!\n\n  Thank you  \n"),
    ]  # fmt: skip


def plan_forms(scenario: Scenario) -> list[Step]:
    """The same person twice: first with mail address and number, then with mail address only."""
    who, name = scenario.people.pick_person(), scenario.subject
    asked = {
        "name": who.name,
        "email": who.email,
        "phone": who.phone,
        "message": "What does a new roof cost?",
    }
    again = {"name": who.name, "email": who.email, "message": "And how long does it take?"}
    return [
        _form(f"{name}-1", 90, f"{who.name} fills in the contact form.", asked),
        _form(f"{name}-2", 5, f"{who.first_name} fills it in a second time.", again),
    ]


def _text(
    scenario: Scenario, subject: str, seconds_ago: float, who: Person, direction: str, words: str, content: str,
    media_urls: list[str] | None = None,
) -> Step:  # fmt: skip
    fields: dict[str, Any] = {
        "direction": direction,
        "tracking_phone_number": scenario.tracker.phone_number,
        "customer_phone_number": who.phone,
        "content": content,
        "sent_at": format_time_ago(seconds_ago),
    }
    if media_urls:
        fields["media_urls"] = media_urls
    event = events.TEXT_MESSAGE_RECEIVED if direction == "inbound" else events.TEXT_MESSAGE_SENT
    return Step(words, subject, "POST", "texts", fields, (event,))


def _form(subject: str, seconds_ago: float, words: str, form_data: dict[str, str]) -> Step:
    fields: dict[str, Any] = {
        "form_data": form_data,
        "form_url": "https://roofs.example.com/contact",
        "landing_page_url": "https://roofs.example.com/?utm_source=newsletter",
        "referrer": "newsletter",
        "referring_url": "https://mail.example.com/",
        "submitted_at": format_time_ago(seconds_ago),
        "source": "newsletter",
        "medium": "email",
        "campaign": "Spring roofs",
        "utm_source": "newsletter",
        "utm_medium": "email",
        "utm_campaign": "spring-roofs",
    }
    return Step(words, subject, "POST", "forms", fields, (events.FORM_SUBMISSION,))
