"""The page of a call: what happened first, what was said as a conversation, its webhooks with a button where something
can be sent, and the caller's other contacts."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from calls.models import Call, Tag
from subscriptions.models import AuditEntry, Delivery
from tests.support import factories
from tests.support.admin import login

pytestmark = pytest.mark.django_db


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


def page(call: Call) -> str:
    return reverse("admin:calls_call_change", args=[call.pk])


def shown(client, call: Call) -> str:
    return client.get(page(call)).content.decode()


def test_what_happened_comes_first(client, company):
    tracker = factories.make_tracker(company, name="Google Ads", source="google_paid")
    call = factories.ended_call(company, tracker, customer_name="Quinn Park", agent_email="sam.smith@example.com")
    facts = shown(client, call).partition('<dl class="facts">')[2].partition("</dl>")[0]
    words = " ".join(re.sub("<[^>]*>", " ", facts).split())
    assert words.startswith("Outcome Answered by Sam Smith, after 2 s Duration 13 s until")
    assert "Source Google Paid" in words
    assert "Google Ads Caller Quinn Park First contact" in words
    assert reverse("admin:calls_person_change", args=[call.person_id]) in facts


def test_times_are_the_companys(client, company):
    call = factories.ended_call(company)
    assert f"{factories.START:%H}:" not in "America/New_York"
    assert shown(client, call).count("Times are in New York (E") == 1


TURNS = [
    {"speaker": "Agent", "phrase": "How can I help?", "start": 0},
    {"speaker": "Customer", "phrase": "My roof leaks.", "start": 4.4},
    {"speaker": "Supervisor", "phrase": "Noted.", "start": "later"},
    "no turn",
    {"speaker": None, "phrase": ""},
]


def test_a_transcript_is_a_conversation(client, company):
    call = factories.ended_call(
        company, customer_name="Quinn Park", agent_email="sam@example.com", conversational_transcript=TURNS
    )
    lines = re.findall(r"<li( class=\"agent\")?><time[^>]*>(.*?)</time><b>(.*?)</b><p>(.*?)</p>", shown(client, call))
    assert lines == [
        (' class="agent"', "0:00", "Sam", "How can I help?"),
        ("", "0:04", "Quinn", "My roof leaks."),
        ("", "", "Supervisor", "Noted."),
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Agent: Hello.\nCustomer: Hi: it leaks.", [("Agent", "Hello."), ("Caller", "Hi: it leaks.")]),
        ("Note: call back\nCustomer: Hi.", []),
        ("Hello, it leaks.", []),
    ],
    ids=["each line tells its speaker", "one line does not", "no line does"],
)
def test_a_plain_transcription_is_one_where_each_line_tells_who_speaks(client, company, text, lines):
    content = shown(client, factories.ended_call(company, transcription_text=text))
    assert re.findall(r"</time><b>(.*?)</b><p>(.*?)</p>", content) == lines
    assert lines or text.splitlines()[0] in content


def test_a_long_transcript_unfolds(client, company):
    turns = [{"speaker": "Agent", "phrase": f"Line {number}", "start": number} for number in range(11)]
    content = shown(client, factories.ended_call(company, conversational_transcript=turns))
    assert "3 more lines" in content
    assert content.index("Line 7") < content.index("Show the whole transcript") < content.index("Line 8")


def test_tags_have_their_colours(client, company):
    call = factories.ended_call(company)
    for name, colour in (("Hot", "red1"), ("Code", "#3b8fa5"), ("Odd", '"><script>')):
        call.tags.add(Tag.objects.create(company=company, name=name, color=colour))
    content = shown(client, call)
    assert re.search(r'class="tag-dot is-red".{0,120}Hot', content)
    assert re.search(r'fill="#3b8fa5".{0,120}Code', content)
    assert '"><script>' not in content


def test_other_contacts_of_the_caller_stand_beside_it(client, company):
    phone = "+12145550188"
    call = factories.ended_call(company, customer_phone_number=phone, start_time=timezone.now() - timedelta(hours=1))
    text = factories.make_text(company, customer_phone_number=phone, content="Are you open?")
    factories.make_form(company, form_data={"phone": phone})
    other = factories.make_text(company, customer_phone_number="+12145550199")
    content = shown(client, call)
    listed = content.partition("Contacts with")[2].partition("</ol>")[0]
    assert "This call" in listed
    assert reverse("admin:messaging_textmessage_change", args=[text.pk]) in listed
    assert "Form filled in" in listed
    assert reverse("admin:messaging_textmessage_change", args=[other.pk]) not in content
    assert "3 contacts" in content


def test_a_call_of_nobody_says_so(client, company):
    content = shown(client, factories.ended_call(company, customer_phone_number=""))
    assert "Nobody knows whose call this was" in content


# --- webhooks -----------------------------------------------------------------------------------------------------
def rows_of(content: str) -> list[str]:
    table = content.partition('id="webhooks"')[2].partition("</table>")[0].partition("<tbody")[2].partition(">")[2]
    return [" ".join(re.sub("<[^>]*>", " ", row).split()) for row in table.split("</tr>")][:-1]


@pytest.fixture
def failed(company):
    """A call with a delivery that failed and one that was delivered."""
    for name in ("Board", "CRM"):
        factories.make_subscription(company, name=name)
    call = factories.ended_call(company)
    Delivery.objects.update(state="delivered", due_at=None, attempts=1)
    Delivery.objects.filter(subscription__name="CRM").update(
        state="failed", attempts=10, status_code=404, reason="Not found"
    )
    return call


def test_a_row_is_an_event_and_a_column_is_a_subscription(client, failed):
    content = shown(client, failed)
    (row,) = rows_of(content)
    assert row.startswith("Post-Call")
    assert re.search(r"Delivered Failed 10 1 of 2 failed Send again", row)
    assert 'aria-label="CRM: Failed, attempts: 10" title="Not found (404)"' in content


def test_what_failed_is_sent_again_from_there(client, company, failed):
    event = Delivery.objects.filter(state="failed").get().event_id
    url = reverse("admin:calls_call_send", args=[failed.pk])
    answer = client.post(url, {"event": str(event), "action": "send_again"})
    assert answer.headers["Location"] == f"{page(failed)}#webhooks"
    states = dict(Delivery.objects.values_list("subscription__name", "state"))
    assert states == {"Board": "delivered", "CRM": "pending"}
    assert AuditEntry.objects.filter(company=company, act="Sent again").count() == 1


def test_what_waits_is_sent_now_from_there(client, failed):
    later = timezone.now() + timedelta(hours=1)
    Delivery.objects.filter(state="failed").update(state="pending", due_at=later, round_began_after=8)
    assert rows_of(shown(client, failed))[0].endswith("Trying again 2 of 10 1 of 2 trying again Send now : Post-Call")
    event = Delivery.objects.filter(state="pending").get().event_id
    client.post(reverse("admin:calls_call_send", args=[failed.pk]), {"event": str(event), "action": "send_now"})
    assert Delivery.objects.get(state="pending").due_at < later


def test_a_viewer_has_no_button_and_sends_nothing(company, failed):
    viewer = login(factories.make_member(company, "viewer"))
    assert "Send again" not in shown(viewer, failed)
    event = Delivery.objects.filter(state="failed").get().event_id
    url = reverse("admin:calls_call_send", args=[failed.pk])
    assert viewer.post(url, {"event": str(event), "action": "send_again"}).status_code == 403
    assert Delivery.objects.filter(state="failed").exists()


def test_an_event_of_another_call_is_not_sent_from_there(client, company, failed):
    other = factories.ended_call(company, start_time=factories.START + timedelta(days=1))
    url = reverse("admin:calls_call_send", args=[other.pk])
    event = Delivery.objects.filter(state="failed").get().event_id
    for said in (str(event), "no id", ""):
        assert client.post(url, {"event": said, "action": "send_again"}).status_code == 302
    assert Delivery.objects.filter(state="failed").exists()


def test_more_than_four_subscriptions_become_one_column(client, company):
    for number in range(5):
        factories.make_subscription(company, name=f"Endpoint {number}")
    call = factories.ended_call(company)
    Delivery.objects.update(state="delivered", due_at=None, attempts=1)
    content = shown(client, call)
    assert rows_of(content)[0].endswith("5 of 5 delivered")
    assert "Endpoint 3" not in content.partition('id="webhooks"')[2]


# --- the recording for the waveform ---------------------------------------------------------------------------------
def test_the_recording_is_given_to_the_script_only(client, company, monkeypatch):
    from calls.admin import call as page_of_calls

    asked = []

    def given(request, url, company_id, login, *, is_extra):
        asked.append((url, company_id, is_extra))
        return HttpResponse("sound")

    monkeypatch.setattr(page_of_calls, "stream_file", given)
    call = factories.ended_call(company)
    url = reverse("admin:calls_call_recording", args=[call.pk])
    assert client.get(url).status_code == 404
    assert client.post(url).status_code == 405
    assert client.get(url, headers={"accept": "audio/*"}).content == b"sound"
    assert asked == [(call.recording_url, company.pk, True)]
    Call.objects.filter(pk=call.pk).update(recording_url="file:///etc/passwd")
    assert client.get(url, headers={"accept": "audio/*"}).status_code == 404
    stranger = login(factories.make_member(factories.make_company("Other")))
    assert stranger.get(url, headers={"accept": "audio/*"}).status_code in (302, 404)
    assert len(asked) == 1
