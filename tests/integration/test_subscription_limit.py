"""A company has a limited number of subscriptions, whoever adds them, and however many add one at the same moment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from subscriptions.endpoints import operations
from subscriptions.lib.errors import ActionRefused
from subscriptions.models import Subscription
from subscriptions.models import subscription as subscription_model
from tests.support.admin import filled_in, login
from tests.support.api import program
from tests.support.factories import make_company, make_member, make_subscription
from tests.support.threads import at_once
from tests.support.vendor_api import Vendor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]
LIMIT = 3
REFUSED = (
    "The company has 3 subscriptions, and 3 is the most it may have. Remove one that is no longer needed, or ask the "
    "operator of this service to raise SUBSCRIPTIONS_PER_COMPANY."
)
ADD = reverse("admin:subscriptions_subscription_add")
BODY = {"name": "CRM", "url": "http://127.0.0.1:9999/hooks", "events": ["pre_call"]}
A, B, C, D = (f"http://127.0.0.1:8999/{name}" for name in "abcd")


@pytest.fixture
def company(settings):
    settings.SUBSCRIPTIONS_PER_COMPANY = LIMIT
    return make_company()


@pytest.fixture
def full(company):
    return [make_subscription(company, events=["post_call"], url=url) for url in (A, B, C)]


def count(company):
    return company.subscriptions.exclude(state=Subscription.State.ARCHIVED).count()


def test_the_model_refuses_one_too_many(company, full):
    with pytest.raises(ActionRefused) as refused:
        make_subscription(company)
    assert str(refused.value) == REFUSED
    with pytest.raises(ValidationError) as invalid:
        Subscription(company=company, **BODY).full_clean()
    assert invalid.value.messages == [REFUSED]
    assert count(company) == LIMIT


def test_the_form_in_the_admin_says_what_to_do(company, full):
    client = login(make_member(company))
    shown = client.get(ADD).content.decode()
    answer = client.post(ADD, {**filled_in(shown), **BODY})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.non_field_errors() == [REFUSED]
    assert count(company) == LIMIT


def test_the_api_says_what_to_do(company, full):
    answer = program(company, ["read", "manage"]).post("/api/v1/subscriptions/", BODY)
    assert (answer.status_code, answer.json()["detail"]) == (409, REFUSED)
    assert count(company) == LIMIT


def test_adding_and_removing_all_day_is_refused(company, monkeypatch):
    """The rows of removed ones stay, and each sweep looks at each of them."""
    monkeypatch.setattr(subscription_model, "MADE_IN_A_DAY", 2)
    for _ in range(2 * LIMIT):
        operations.archive(make_subscription(company))
    answer = program(company, ["read", "manage"]).post("/api/v1/subscriptions/", BODY)
    assert answer.status_code == 409
    assert "The company has added 6 subscriptions in 24 hours" in answer.json()["detail"]
    company.subscriptions.update(created_at=timezone.now() - timedelta(days=2))
    assert program(company, ["read", "manage"]).post("/api/v1/subscriptions/", BODY).status_code == 201


def test_an_integration_that_needs_too_many_is_refused_whole(company, full):
    client, path = Vendor(company), f"integrations/{company.pk}.json"
    assert client.put(path, {"config": {"post_call_webhook": [A, B, C, D]}}, code=422) == REFUSED
    assert client.get(path)["config"]["post_call_webhook"] == [A, B, C]


def test_what_an_integration_drops_makes_room_for_what_it_adds(company, full):
    client, path = Vendor(company), f"integrations/{company.pk}.json"
    # A needs a second subscription, for the other direction. There is room once B has gone.
    config = {"post_call_webhook": [A, C], "updated_outbound_call_webhook": [A]}
    changed = client.put(path, {"config": config})["config"]
    assert {key: urls for key, urls in changed.items() if urls} == config
    assert count(company) == LIMIT


def test_removed_ones_do_not_count(company, full):
    operations.archive(full[0])
    make_subscription(company)
    assert count(company) == LIMIT


def test_another_company_has_places_of_its_own(company, full):
    assert make_subscription(make_company("Other")).pk


def test_those_above_a_lowered_limit_stay_and_can_be_changed(company, full, settings):
    settings.SUBSCRIPTIONS_PER_COMPANY = 1
    full[0].name = "Another name"
    full[0].full_clean()
    full[0].save()
    operations.pause(full[1])
    operations.resume(full[1], send_held=True)
    with pytest.raises(ActionRefused, match="has 3 subscriptions, and 1 is the most"):
        make_subscription(company)
    assert count(company) == LIMIT


def test_zero_is_no_limit(company, full, settings):
    settings.SUBSCRIPTIONS_PER_COMPANY = 0
    assert make_subscription(company).pk


def test_of_those_that_add_the_last_one_at_the_same_moment_one_succeeds(company):
    for _ in range(LIMIT - 1):
        make_subscription(company)

    def add() -> str:
        try:
            make_subscription(company)
        except ActionRefused as error:
            return str(error)
        return "added"

    assert sorted(at_once([add] * 4)) == sorted(["added", *[REFUSED] * 3])
    assert count(company) == LIMIT


def test_the_form_and_the_api_at_the_same_moment(company):
    for _ in range(LIMIT - 1):
        make_subscription(company)
    client, api = login(make_member(company)), program(company, ["read", "manage"])
    data = {**filled_in(client.get(ADD).content.decode()), **BODY}
    statuses = at_once(
        [lambda: client.post(ADD, data).status_code, lambda: api.post("/api/v1/subscriptions/", BODY).status_code]
    )
    assert statuses in ([302, 409], [200, 201])
    assert count(company) == LIMIT
