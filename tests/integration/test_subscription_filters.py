"""Filters of a subscription in the admin and in our own API: choices, a sentence, and what becomes of the rest."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from calls.models import Tag
from subscriptions.events import condition_rules, condition_words
from subscriptions.models import AuditEntry, Delivery, Event, Subscription
from tests.support import factories
from tests.support.admin import filled_in, login
from tests.support.api import program, wrong
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db

ADD = reverse("admin:subscriptions_subscription_add")
LIST = reverse("admin:subscriptions_subscription_changelist")
LOG = reverse("admin:subscriptions_delivery_changelist")


@pytest.fixture
def company():
    return factories.make_company(recording_expected=False, transcription_expected=False)


@pytest.fixture
def client(company):
    return login(factories.make_member(company))


@pytest.fixture
def subscription(company):
    return factories.make_subscription(company, "http://127.0.0.1:9999/hooks", ["post_call"])


def page(row, kind="change"):
    return reverse(f"admin:subscriptions_{row._meta.model_name}_{kind}", args=[row.pk])


def text_of(client, address):
    return client.get(address).content.decode()


def save(client, row, **changes):
    form = filled_in(text_of(client, page(row)))
    answer = client.post(page(row), {**form, **changes})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    row.refresh_from_db()
    return row


def test_one_is_made_with_choices_and_reads_as_a_sentence(client, company):
    tracker = factories.make_tracker(company, name="Google Ads")
    data = {"name": "CRM", "url": "http://127.0.0.1:9999/hooks", "events": ["post_call"],
            "only_tracker": [tracker.resource_id], "only_duration_min": "60", "call_direction": "inbound"}  # fmt: skip
    assert client.post(ADD, {**filled_in(text_of(client, ADD)), **data}).status_code == 302
    made = Subscription.objects.get()
    assert made.conditions == {
        "all": [{"field": "tracker", "in": [tracker.resource_id]}, {"field": "duration", "min": 60}]
    }
    words = "Only inbound calls to Google Ads, at least 60 s long."
    assert words in text_of(client, LIST)
    assert words in text_of(client, page(made))


def test_every_choice_is_kept_and_shown_again(client, company, subscription):
    tag = Tag.objects.create(company=company, name="Roof")
    save(
        client, subscription, only_source="Google Paid\r\n radio \r\n", only_campaign="Spring",
        only_outcome=["missed", "voicemail"], only_first_call="yes", only_duration_max="300", only_lead_status=[""],
        only_tags=[tag.name],
    )  # fmt: skip
    assert subscription.conditions == {
        "all": [
            {"field": "source", "in": ["Google Paid", "radio"]},
            {"field": "campaign", "in": ["Spring"]},
            {"field": "outcome", "in": ["missed", "voicemail"]},
            {"field": "first_call", "is": True},
            {"field": "duration", "max": 300},
            {"field": "lead_status", "in": [""]},
            {"field": "tags", "in": ["Roof"]},
        ]
    }
    before = subscription.conditions
    assert save(client, subscription, name="CRM 2").conditions == before
    words = (
        "Only calls from Google Paid or radio, of campaign Spring, missed or left as voicemail, from first-time "
        "callers, at most 300 s long, without a lead status, tagged Roof."
    )
    assert words in text_of(client, page(subscription))
    assert AuditEntry.objects.filter(act="Changed", detail__contains="Outcomes").exists()


def test_choices_taken_off_leave_no_filter(client, subscription):
    save(client, subscription, only_duration_min="60")
    assert save(client, subscription, only_duration_min="").conditions is None
    assert "All calls." in text_of(client, page(subscription))


@pytest.mark.sample(every=2)
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"only_duration_min": "60", "only_duration_max": "5"}, "max is less than min"),
        ({"only_duration_min": "-1"}, "greater than or equal to 0"),
        ({"only_tracker": ["TRKnone"]}, "not one of the available choices"),
        ({"only_source": "\n".join(map(str, range(1001)))}, "1 to 1,000 values"),
    ],
    ids=["range", "negative", "tracker", "many"],
)
def test_what_is_wrong_is_told_and_nothing_is_saved(client, subscription, changes, words):
    answer = client.post(page(subscription), {**filled_in(text_of(client, page(subscription))), **changes})
    assert words in answer.content.decode()
    subscription.refresh_from_db()
    assert subscription.conditions is None


def test_anothers_tracking_numbers_are_neither_offered_nor_taken(client, subscription):
    other = factories.make_tracker(factories.make_company("Other"), name="zq7 ads")
    shown = text_of(client, page(subscription))
    assert "zq7" not in shown
    answer = client.post(page(subscription), {**filled_in(shown), "only_tracker": [other.resource_id]})
    assert "not one of the available choices" in answer.content.decode()


def test_what_the_form_cannot_show_is_told_and_stays(client, subscription):
    part = {"any": [{"field": "duration", "max": 5}, {"not": {"field": "first_call", "is": True}}]}
    subscription.conditions = {"all": [part]}
    subscription.save()
    assert "if (at most 5 s long) or (if not (from first-time callers))" in text_of(client, page(subscription))
    both = {"all": [{"field": "outcome", "in": ["missed"]}, part]}
    assert save(client, subscription, only_outcome=["missed"]).conditions == both
    assert save(client, subscription, only_rest="on").conditions == {"all": both["all"][:1]}


def test_the_companys_default_filter(client, company, subscription):
    save(client, company, only_outcome=["missed"])
    assert company.default_conditions == {"all": [{"field": "outcome", "in": ["missed"]}]}
    assert "Only calls missed. So says the company" in text_of(client, page(subscription))
    assert "Only calls missed." in text_of(client, LIST)
    assert save(client, subscription, only_everything="on").conditions == {"all": []}
    assert "All calls." in text_of(client, page(subscription))
    assert save(client, subscription, name="CRM 2").conditions == {"all": []}


def test_a_viewer_reads_the_sentence(company, subscription):
    Subscription.objects.update(conditions={"all": [{"field": "duration", "min": 60}]})
    shown = text_of(login(factories.make_member(company, "viewer")), page(subscription))
    assert "Only calls at least 60 s long." in shown
    assert "only_duration_min" not in shown


def test_an_operator_chooses_the_company_first(subscription, django_user_model):
    client = login(django_user_model.objects.create_superuser("op@example.com", password=None))
    factories.make_company("Other")
    shown = text_of(client, ADD)
    assert "only_outcome" in shown
    assert "only_tracker" not in shown


def test_what_is_filtered_out_is_found_and_can_be_sent(client, company, subscription):
    Subscription.objects.update(conditions={"all": [{"field": "duration", "min": 60}]})
    call = factories.ended_call(company)
    event = Event.objects.get()
    assert "1 filtered out" in text_of(client, reverse("admin:subscriptions_event_changelist"))
    shown = text_of(client, page(event))
    for words in ("Filtered out", "Duration at least 60 was wanted; it was 13."):
        assert words in shown
    assert "Send again to all" not in shown
    delivery = Delivery.objects.get()
    assert "Duration at least 60" in text_of(client, f"{LOG}?since=all&state=filtered")
    assert "Duration at least 60" in text_of(client, f"{LOG}?since=all&state=filtered&subscription={subscription.pk}")
    assert "Filtered out" in text_of(client, reverse("admin:calls_call_change", args=[call.pk]))
    assert "to send it anyway" in text_of(client, page(delivery))
    client.post(page(delivery, "resend"))
    delivery.refresh_from_db()
    assert delivery.state == "pending"
    assert "Duration at least 60" not in text_of(client, f"{LOG}?since=all&state=filtered")


def test_the_reason_names_the_tracking_number(company, subscription):
    wanted, other = factories.make_tracker(company), factories.make_tracker(company, name="Radio spot")
    Subscription.objects.update(conditions={"field": "tracker", "in": [wanted.resource_id]})
    factories.ended_call(company, other)
    assert Delivery.objects.get().reason == "Filtered out: Tracker Radio spot is not one of those wanted."


# --- our own API ------------------------------------------------------------------------------------------------------
NEW = {"name": "CRM", "url": "http://127.0.0.1:9999/a", "events": ["post_call"]}
SUBSCRIPTIONS = "/api/v1/subscriptions/"


def test_conditions_in_the_api(company):
    client, tracker = program(company), factories.make_tracker(company)
    asked = {"any": [{"field": "tracker", "in": [tracker.resource_id]}, {"field": "duration", "min": 5, "max": 60}]}
    made = client.post(SUBSCRIPTIONS, {**NEW, "conditions": asked}, format="json")
    assert made.status_code == 201, made.data
    address = f"{SUBSCRIPTIONS}{made.data['resource_id']}/"
    assert made.data["conditions"] == client.get(address).data["conditions"] == asked
    assert client.patch(address, {"conditions": None}, format="json").data["conditions"] is None


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ([], "This is no condition"),
        ({}, "This is no condition"),
        ({"all": [], "any": []}, "This is no condition"),
        ({"any": []}, "This is no condition"),
        ({"field": "shoe", "in": ["x"]}, "There is no field 'shoe'"),
        ({"field": "duration"}, "can be asked with: min, max"),
        ({"field": "duration", "in": ["5"]}, "can be asked with: min, max"),
        ({"field": "duration", "min": "5"}, "whole number of seconds"),
        ({"field": "duration", "min": True}, "whole number of seconds"),
        ({"field": "first_call", "is": "yes"}, "must be true or false"),
        ({"field": "outcome", "in": []}, "1 to 1,000 values"),
        ({"field": "outcome", "in": "missed"}, "must be a list of strings"),
        ({"field": "outcome", "in": ["late"]}, "'late' is none of: 'answered'"),
        ({"field": "source", "in": ["x" * 501]}, "at most 500 characters"),
        ({"field": "source", "in": ["\x00"]}, "NUL"),
        ({"field": "tracker", "in": ["TRK1"]}, "this company has no 'TRK1'"),
        ({"not": {"not": {"not": {"not": {"not": {"all": []}}}}}}, "5 deep"),
        ({"all": [{"field": "duration", "min": 1}] * 60}, "more than 50 conditions"),
    ],
)
def test_wrong_conditions_are_refused_with_what_to_do(company, conditions, words):
    with pytest.raises(ValueError, match=words):
        condition_rules.validate(conditions, company.pk)


def test_anothers_tracking_number_is_refused(company):
    other = factories.make_tracker(factories.make_company("Other"))
    conditions = {"field": "tracker", "in": [other.resource_id]}
    answer = program(company).post(SUBSCRIPTIONS, {**NEW, "conditions": conditions}, format="json")
    assert "this company has no" in str(wrong(answer))
    answer = program(company).post(SUBSCRIPTIONS, {**NEW, "conditions": []}, format="json")
    assert "must be null or a condition" in str(wrong(answer))


def test_api_v3_keeps_what_its_attributes_cannot_say(client, company, subscription):
    save(client, subscription, only_outcome=["answered"], only_source="radio", only_duration_min="60")
    vendor = Vendor(company)
    (shown,) = vendor.get("integration_triggers.json", company_id=company.pk)["integration_criteria"]
    assert (shown["call_type"], shown["min_duration"]) == (None, 60)
    path = f"integration_triggers/{shown['id']}.json"
    vendor.put(path, {"min_duration": 30})
    subscription.refresh_from_db()
    source, outcome = {"field": "source", "in": ["radio"]}, {"field": "outcome", "in": ["answered"]}
    assert subscription.conditions == {"all": [{"field": "duration", "min": 30}, source, outcome]}
    vendor.put(path, {"call_type": "vm"})
    subscription.refresh_from_db()
    assert {"field": "outcome", "in": ["voicemail"]} in subscription.conditions["all"]
    assert source in subscription.conditions["all"]
    assert outcome not in subscription.conditions["all"]
    assert "radio" in text_of(client, page(subscription))


def test_capitals_make_no_difference(company, subscription):
    Subscription.objects.update(conditions={"field": "source", "in": ["google paid"]})
    tracker = factories.make_tracker(company, source="google_paid")
    factories.ended_call(company, tracker)
    factories.make_text(company, tracker)
    assert Delivery.objects.get(event__type="post_call").state == "pending"


def test_many_values_are_counted_in_the_sentence():
    condition = {"field": "campaign", "in": [f"Spring {number}" for number in range(8)]}
    assert condition_words.sentence(condition).endswith("Spring 3 or Spring 4 or 3 more.")


def test_the_list_names_tracking_numbers_with_one_query_for_all(
    client, company, django_assert_max_num_queries, subscription
):
    trackers = [factories.make_tracker(company, name=f"Line {number}") for number in range(6)]
    client.get(LIST)
    with django_assert_max_num_queries(40) as none:
        client.get(LIST)
    for number, tracker in enumerate(trackers):
        factories.make_subscription(
            company, name=f"Sub {number}", conditions={"field": "tracker", "in": [tracker.resource_id]}
        )
    with django_assert_max_num_queries(len(none) + 1):
        shown = client.get(LIST).content.decode()
    assert all(f"Only calls to Line {number}." in shown for number in range(6))


def test_a_call_of_a_minute_passes(company, subscription):
    Subscription.objects.update(conditions={"all": [{"field": "duration", "min": 60}]})
    factories.ended_call(company, ended_at=factories.START + timedelta(seconds=70))
    assert Delivery.objects.get().state == "pending"
