"""An example call for each call event, never saved: for the event catalogue and test events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from subscriptions.models import Company

from .models import Call, Person, Tag, Tracker

CUSTOMER, TRACKING, BUSINESS = "+12145550123", "+14045550100", "+12145550100"


def build_ringing_call(company: Company) -> Call:
    call: Call = _build_call(company)
    return call


def build_routed_call(company: Company) -> Call:
    call: Call = _build_call(company)
    call.routed_at = call.answered_at = call.start_time + timedelta(seconds=9)
    call.business_phone_number = BUSINESS
    call.source, call.medium = call.tracker.source, "cpc"
    return call


def build_ended_call(company: Company) -> Call:
    call = build_routed_call(company)
    call.ended_at = call.start_time + timedelta(seconds=188)
    call.duration = 179
    call.recording_url = "https://media.example.com/recordings/1.mp3"
    call.recording_duration = 171
    call.transcription_text = "Hello, my roof is leaking. – We can come on Thursday."
    call.conversational_transcript = [
        {"speaker": "Customer", "phrase": "Hello, my roof is leaking.", "start": 0.4},
        {"speaker": "Agent", "phrase": "We can come on Thursday.", "start": 3.1},
    ]
    return call


def build_modified_call(company: Company) -> Call:
    call = build_ended_call(company)
    call.note = "Offer sent."
    call.set_known_tags([Tag(name="Roof repair", level="company", color="blue")])
    return call


def _build_call(company: Company) -> Any:
    """An inbound call that began five minutes ago, with the counts that `selectors.count_earlier` adds."""
    call: Any = Call(
        pk=1,
        company=company,
        tracker=Tracker(company=company, phone_number=TRACKING, name="Google Ads", source="google_paid"),
        person=Person(company=company, phone=CUSTOMER),
        start_time=timezone.now() - timedelta(minutes=5),
        customer_phone_number=CUSTOMER,
        customer_name="Ann Example",
        customer_city="Dallas",
        customer_state="TX",
        customer_country="US",
    )
    call.created_at = call.start_time
    call.prior_calls = 0
    call.good_lead_call_id = call.good_lead_call_time = None
    call.set_known_tags([])
    return call
