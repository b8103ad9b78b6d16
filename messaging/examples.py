"""An example text for each text event, never saved."""

from __future__ import annotations

from django.utils import timezone

from calls.examples import CUSTOMER, TRACKING
from calls.models import Person, Tracker
from subscriptions.models import Company

from .models import TextMessage, Thread


def build_received_text(company: Company) -> TextMessage:
    return _build_text(company, TextMessage.Direction.INBOUND, "Is this the right tile? 📷")


def build_sent_text(company: Company) -> TextMessage:
    return _build_text(company, TextMessage.Direction.OUTBOUND, "Yes, it is.")


def _build_text(company: Company, direction: str, content: str) -> TextMessage:
    tracker = Tracker(company=company, phone_number=TRACKING, name="Google Ads")
    thread = Thread(company=company, tracker=tracker, person=Person(company=company, phone=CUSTOMER))
    return TextMessage(
        pk=1,
        company=company,
        tracker=tracker,
        thread=thread,
        direction=direction,
        customer_phone_number=CUSTOMER,
        content=content,
        sent_at=timezone.now(),
    )
