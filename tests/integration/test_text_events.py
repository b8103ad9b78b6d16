"""A text fires one event, sent or received, and says who it was with."""

import re

import pytest

from messaging.models import TextMessage, Thread
from subscriptions.models import Event
from tests.support.events import bodies_of, events_of, types_of
from tests.support.factories import make_call, make_company, make_text, make_tracker
from tests.support.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def tracker(company):
    return make_tracker(company, phone_number="+14045550114")


def received(text):
    return bodies_of(text, "text_message_received")[0]


@pytest.mark.parametrize(
    ("direction", "event_type"), [("inbound", "text_message_received"), ("outbound", "text_message_sent")]
)
def test_each_direction_fires_its_event_once(company, tracker, direction, event_type):
    text = make_text(company, tracker, direction=direction)
    text.save()
    text.content = "Corrected"
    text.save()
    TextMessage.objects.get(pk=text.pk).save()
    assert types_of(text) == [event_type]
    assert events_of(text)[0].sequence == 1
    assert bodies_of(text, event_type)[0]["content"] == "Hello"


@pytest.mark.parametrize(
    "content",
    [
        " ",
        "\n",
        "\r\n\r\n",
        "  two  blanks  ",
        "tab\tand\x0bvertical",
        "👩‍👩‍👧‍👦🏳️‍🌈",
        "e\u0301 stays two characters",
        "\u2028\u2029\ufeff\u200b",
        '"\\/</script>&amp;',
        "x" * 20_000,
    ],
)
def test_content_is_exact(company, tracker, content):
    text = make_text(company, tracker, content=content)
    assert received(text)["content"] == content
    assert TextMessage.objects.get(pk=text.pk).content == content


@pytest.mark.parametrize(
    ("number", "told"),
    [
        ("+17705550155", "770-555-0155"),
        ("(770) 555-0155", "770-555-0155"),
        ("+18765550123", "876-555-0123"),
        ("+442079460018", "+442079460018"),
        ("+61491570006", "+61491570006"),
    ],
)
def test_numbers_are_dashed_for_plus_one_and_e164_for_others(company, tracker, number, told):
    text = make_text(company, tracker, customer_phone_number=number)
    assert (received(text)["source_number"], received(text)["destination_number"]) == (told, "404-555-0114")
    text = make_text(company, tracker, customer_phone_number=number, direction="outbound")
    sent = bodies_of(text, "text_message_sent")[0]
    assert (sent["source_number"], sent["destination_number"]) == ("404-555-0114", told)


def test_a_conversation_is_one_person_and_one_tracking_number(company, tracker):
    first = received(make_text(company, tracker))
    answer = bodies_of(make_text(company, tracker, direction="outbound"), "text_message_sent")[0]
    other_number = received(make_text(company, make_tracker(company)))
    other_person = received(make_text(company, tracker, customer_phone_number="+12145550199"))
    assert re.fullmatch("[a-z0-9]{5}", first["conversation_id"])
    assert answer["conversation_id"] == first["conversation_id"]
    assert answer["person_resource_id"] == other_number["person_resource_id"] == first["person_resource_id"]
    ids = {body["conversation_id"] for body in (first, other_number, other_person)}
    assert len(ids) == 3


def test_the_person_is_the_one_who_called(company, tracker):
    call = make_call(company, tracker, customer_phone_number="+17705550155")
    text = make_text(company, tracker, customer_phone_number="(770) 555-0155")
    assert received(text)["person_resource_id"] == call.person.resource_id


def test_texts_of_a_new_conversation_at_the_same_moment_share_it(company, tracker):
    texts = at_once([lambda: make_text(company, tracker)] * 6)
    assert len({received(text)["conversation_id"] for text in texts}) == 1
    assert Thread.objects.count() == 1
    assert Event.objects.count() == 6
