"""Whatever is written into an address or a form, a page answers; a fault of the service it is never."""

from __future__ import annotations

import pytest
from django.urls import reverse

from forms_intake.models import FormSubmission
from messaging.models import TextMessage
from subscriptions.models import ApiKey, Delivery
from tests.support import factories
from tests.support.admin import filled_in, login, unlogged_refusals

pytestmark = pytest.mark.django_db
DELIVERIES = reverse("admin:subscriptions_delivery_changelist")
NUL = "\x00"


@pytest.fixture
def company():
    return factories.make_company()


@pytest.fixture
def client(company):
    with unlogged_refusals():
        yield login(factories.make_member(company, "owner"))


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("name", ["type", "state", "answer", "subscription", "since", "before", "q", "p"])
def test_filters_of_the_log(client, name):
    for value in (NUL, "9" * 40, "-1", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "\udcff"):
        asked = {name: value.encode("utf-8", "surrogateescape") if value == "\udcff" else value}
        assert client.get(DELIVERIES, asked).status_code in (200, 302, 400), (name, value)
    assert client.get(reverse("admin:subscriptions_delivery_export"), {name: NUL}).status_code in (200, 302, 400)


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("calls_call_changelist", {"direction__exact": NUL}),
        ("calls_call_changelist", {"lead_status__exact": NUL}),
        ("subscriptions_auditentry_changelist", {"act": NUL}),
        ("providers_refusedcallback_changelist", {"reason__exact": NUL}),
        ("calls_call_add", {"start_time": "x"}),
        ("messaging_textmessage_add", {"sent_at": "x"}),
        ("subscriptions_apikey_add", {"expires_at": "x"}),
    ],
)
def test_other_addresses(client, page, query):
    assert client.get(reverse(f"admin:{page}"), query).status_code in (200, 302, 400)


def test_a_timeline_and_the_choices_of_a_form(client):
    assert client.get("/admin/calls/call/timeline/%00/").status_code == 404
    choices = {"app_label": "calls", "model_name": "call", "field_name": "tracker", "term": NUL}
    assert client.get(reverse("admin:autocomplete"), choices).status_code in (200, 403)


def test_keys_of_an_action(client, company):
    factories.make_subscription(company)
    factories.ended_call(company)
    said = {"action": "cancel_selected", "_selected_action": NUL}
    assert client.post(DELIVERIES, said).status_code == 400


@pytest.mark.parametrize("across", ["1", "2", "yes", "True"])
def test_all_pages_at_once_are_not_cancelled_however_it_is_said(client, company, across):
    factories.make_subscription(company)
    for _ in range(3):
        factories.ended_call(company)
    one = Delivery.objects.order_by("pk")[0]
    client.post(DELIVERIES, {"action": "cancel_selected", "_selected_action": one.pk, "select_across": across})
    assert not Delivery.objects.filter(state="cancelled").exists()


@pytest.mark.parametrize(
    "said", ['{"a": "\\u0000"}', '{"a": "\\ud800"}', '{"a":' * 900 + "1" + "}" * 900, '{"a": ' + "9" * 5000 + "}"]
)
def test_json_of_a_form_that_cannot_be_kept(client, said):
    page = reverse("admin:forms_intake_formsubmission_add")
    fields = {**filled_in(client.get(page).content.decode()), "form_data": said}
    answer = client.post(page, fields)
    assert answer.status_code == 200
    assert "form_data" in answer.context["adminform"].form.errors
    assert not FormSubmission.objects.exists()


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("said", ["null", '{"a": 1}', '"abc"', "[1e400]", "[[1]]"])
def test_pictures_of_a_text_are_a_list_of_addresses(client, company, said):
    tracker = factories.make_tracker(company)
    page = reverse("admin:messaging_textmessage_add")
    fields = {**filled_in(client.get(page).content.decode()), "tracker": tracker.pk, "direction": "inbound",
              "customer_phone_number": "2145550123", "content": "x", "media_urls": said}  # fmt: skip
    answer = client.post(page, fields)
    assert answer.status_code in (200, 302)
    assert all(isinstance(one.media_urls, list) and all(isinstance(url, str) for url in one.media_urls)
               for one in TextMessage.objects.all())  # fmt: skip


def test_a_time_that_no_clock_can_tell(client, company):
    page = reverse("admin:subscriptions_apikey_add")
    for day in ("0001-01-01", "9999-12-31"):
        fields = {**filled_in(client.get(page).content.decode()), "name": "x", "scopes": ["read"],
                  "expires_at_0": day, "expires_at_1": "00:00:00"}  # fmt: skip
        assert "between 1970 and 2200" in client.post(page, fields).content.decode()
    assert not ApiKey.objects.exists()


def test_a_search_of_endless_words_asks_for_a_few(client, company):
    page = reverse("admin:calls_tag_changelist")
    answer = client.get(page, {"q": "a " * 1900})
    assert answer.status_code == 200
    sql = str(answer.context["cl"].queryset.query)
    assert 1 <= sql.upper().count("LIKE") <= 8
