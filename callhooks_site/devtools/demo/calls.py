"""Steps of calls."""

from typing import Any

from . import events
from .people import Person
from .steps import Scenario, Step, format_time_ago

OFFICE = "+12145550100"
AGENT = "sam@example.com"
ATTRIBUTION = {
    "source": "google",
    "medium": "cpc",
    "campaign": "Spring roofs",
    "keywords": "roof repair near me",
    "referrer": "google",
    "referrer_domain": "www.example.com",
    "referring_url": "https://www.example.com/search?q=roof+repair",
    "landing_page_url": "https://roofs.example.com/?utm_source=google&utm_medium=cpc",
    "last_requested_url": "https://roofs.example.com/contact",
    "utm_source": "google",
    "utm_medium": "cpc",
    "utm_campaign": "spring-roofs",
    "gclid": "demo-click-0123456789",
}

# What is said in the answered call: seconds, speaker, words.
TALK = (
    (0.4, "Agent", "Good morning, this is Sam. How can I help?"),
    (4.1, "Customer", "Hello, my roof is leaking over the kitchen. It started with the storm on Sunday, and "
                      "now there’s a stain the size of a plate."),
    (31.0, "Agent", "I’m sorry to hear that. Is water coming in right now?"),
    (36.5, "Customer", "Not at the moment. Could someone come on Thursday? I saw you do free inspections."),
    (62.2, "Agent", "Thursday at nine works. I’ll put you down, and the inspection is free."),
    (75.0, "Customer", "Great. Do you work with insurance? It may be hail."),
    (92.8, "Agent", "We do. Send us the policy number, and we talk to them."),
    (110.0, "Customer", "That would help a lot. I have it here somewhere."),
    (124.5, "Agent", "No hurry, a text is fine. You have this number."),
    (140.2, "Customer", "I’ll do that tonight. Thank you, Sam."),
    (158.0, "Agent", "Thank you for calling. See you on Thursday."),
)  # fmt: skip


def plan_answered_call(scenario: Scenario) -> list[Step]:
    """Answered; the recording and then the transcription come later: eight requests, six events."""
    who, subject = scenario.people.pick_person(), scenario.subject
    return [
        _ring(scenario, who, 200, **ATTRIBUTION),
        Step(
            f"Sam in the office picks up; {who.first_name} is talking.", subject, "PATCH", "calls",
            {"routed_at": format_time_ago(196), "answered_at": format_time_ago(192), "business_phone_number": OFFICE,
             "agent_email": AGENT},
            (events.CALL_ROUTING_COMPLETE,),
        ),
        Step(
            f"{who.first_name} hangs up after 2m 59s. Recording and transcription are still to come.",
            subject, "PATCH", "calls", {"ended_at": format_time_ago(13), "duration": 179},
        ),
        Step(
            f"The recording of {who.first_name}’s call is ready.", subject, "PATCH", "calls",
            scenario.recording(171),
        ),
        Step(
            f"So is the transcription of {who.first_name}’s call.", subject, "PATCH", "calls",
            {"transcription_text": "\n".join(f"{speaker}: {phrase}" for _, speaker, phrase in TALK),
             "conversational_transcript": [
                 {"speaker": speaker, "phrase": phrase, "start": start} for start, speaker, phrase in TALK]},
            (events.POST_CALL,),
        ),
        Step(
            f"Sam tags {who.first_name}’s call.", subject, "PATCH", "calls",
            {"tags": ["Roof repair", "New customer"]}, (events.CALL_MODIFIED,),
        ),
        Step(
            f"Sam notes what {who.first_name} wants.", subject, "PATCH", "calls",
            {"note": "Leak over the kitchen. Visit on Thursday, 9:00."}, (events.CALL_MODIFIED,),
        ),
        Step(
            f"{who.first_name} accepts the offer: a value and a good lead.", subject, "PATCH", "calls",
            {"value": "1250.00", "lead_status": "good_lead"}, (events.CALL_MODIFIED,),
        ),
    ]  # fmt: skip


def plan_missed_call(scenario: Scenario) -> list[Step]:
    """Nobody picks up. Reported like phone systems that store no ids do: the same call is posted three times."""
    who, subject = scenario.people.pick_person(), scenario.subject
    first = _ring(scenario, who, 45, external_source="demo", external_id=subject)
    same = {name: first.fields[name] for name in SAME_CALL}
    return [
        first,
        Step(
            "The call is routed to the office …", subject, "POST", "calls",
            {**same, "routed_at": format_time_ago(41), "business_phone_number": OFFICE},
            (events.CALL_ROUTING_COMPLETE,),
        ),
        Step(
            f"… where nobody picks up. {who.first_name}’s call is missed.", subject, "POST", "calls",
            {**same, "ended_at": format_time_ago(10)}, (events.POST_CALL,),
        ),
    ]  # fmt: skip


SAME_CALL = (
    "external_source",
    "external_id",
    "direction",
    "tracking_phone_number",
    "customer_phone_number",
    "start_time",
)


def plan_abandoned_call(scenario: Scenario) -> list[Step]:
    who = scenario.people.pick_person()
    return [
        _ring(scenario, who, 12),
        Step(
            f"{who.first_name} gives up before anyone can answer.", scenario.subject, "PATCH", "calls",
            {"ended_at": format_time_ago(5), "abandoned": True}, (events.POST_CALL,),
        ),
    ]  # fmt: skip


def plan_voicemail(scenario: Scenario) -> list[Step]:
    who, subject = scenario.people.pick_person(), scenario.subject
    return [
        _ring(scenario, who, 75),
        Step(
            "Nobody is in; the call goes to voicemail.", subject, "PATCH", "calls",
            {"routed_at": format_time_ago(60), "business_phone_number": OFFICE}, (events.CALL_ROUTING_COMPLETE,),
        ),
        Step(
            f"{who.first_name} leaves a message and hangs up.", subject, "PATCH", "calls",
            {"ended_at": format_time_ago(15), "duration": 45, "voicemail": True},
        ),
        Step(
            f"{who.first_name}’s message is ready, with its transcription.", subject, "PATCH", "calls",
            {**scenario.recording(31),
             "transcription_text": f"Hi, it’s {who.first_name}. Please call me back about the gutters."},
            (events.POST_CALL,),
        ),
    ]  # fmt: skip


def plan_outbound_call(scenario: Scenario) -> list[Step]:
    """Reported whole after it ended, as an import would; later one request changes three things at once."""
    who, subject = scenario.people.pick_person(), scenario.subject
    whole = {
        **_parties(scenario, who, "outbound"), "start_time": format_time_ago(140), "answered_at": format_time_ago(131),
        "ended_at": format_time_ago(20), "duration": 111, "business_phone_number": OFFICE, "agent_email": AGENT,
        **scenario.recording(108),
        "transcription_text": "Good morning, you asked for an offer. Shall we come by tomorrow?",
    }  # fmt: skip
    return [
        Step(
            f"Sam has called {who.name} ({who.phone}) back: an outbound call.", subject, "POST", "calls",
            whole, (events.POST_CALL,),
        ),
        Step(
            "Sam adds a tag, a note and a value in one go: one event for all three.",
            subject, "PATCH", "calls",
            {"tags": ["Call back"], "note": "Wants an offer by mail.", "value": "480.50"},
            (events.CALL_MODIFIED,),
        ),
    ]  # fmt: skip


def _ring(scenario: Scenario, who: Person, seconds_ago: float, **more: Any) -> Step:
    fields = {**_parties(scenario, who, "inbound"), "start_time": format_time_ago(seconds_ago), **more}
    words = f"{who.name} ({who.phone}) calls {scenario.tracker.name}; the phone rings."
    return Step(words, scenario.subject, "POST", "calls", fields, (events.PRE_CALL,))


def _parties(scenario: Scenario, who: Person, direction: str) -> dict[str, Any]:
    return {
        "direction": direction,
        "tracking_phone_number": scenario.tracker.phone_number,
        "customer_phone_number": who.phone,
        "customer_name": who.name,
        "customer_city": who.city,
        "customer_state": who.state,
        "customer_country": "US",
    }
