"""Programs find a company's issues, acknowledge and note and solve them, as people do in the admin."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from subscriptions.endpoints import issues
from subscriptions.models import AuditEntry, Delivery, EndpointHealth, EndpointIssue, Subscription
from tests.support.api import PROBLEM, program, wrong
from tests.support.factories import make_call, make_company, make_subscription

pytestmark = pytest.mark.django_db
ISSUES = "/api/v1/issues/"


@pytest.fixture
def crm() -> Subscription:
    return make_subscription(make_company())


@pytest.fixture
def api(crm):
    return program(crm.company)


def make_issue(subscription: Subscription, *, hours_ago: float = 1, **fields) -> EndpointIssue:
    opened = timezone.now() - timedelta(hours=hours_ago)
    return EndpointIssue.objects.create(
        company=subscription.company, subscription=subscription, opened_at=opened, answer="Timed out.", **fields
    )


def listed(api, query: str = "") -> list[int]:
    answer = api.get(f"{ISSUES}{query}")
    assert answer.status_code == 200, answer.content
    return [each["id"] for each in answer.json()["results"]]


def test_it_says_since_when_what_was_answered_and_how_many_webhooks_wait(crm, api):
    issue = make_issue(crm)
    make_call(crm.company)
    now = timezone.now()
    EndpointHealth.objects.create(subscription=crm, window_began=now, last_failure="The server answered 401.")
    shown = api.get(f"{ISSUES}{issue.pk}/").json()
    assert shown == {
        "id": issue.pk, "subscription": crm.resource_id, "state": "open", "answer": "The server answered 401.",
        "webhooks": 1, "opened_at": shown["opened_at"], "again": 0, "acknowledged_at": None, "acknowledged_name": "",
        "note": "", "solved_at": None, "solved_how": "", "solved_name": "",
    }  # fmt: skip
    assert api.get(ISSUES).json()["results"] == [shown]


def test_the_list_is_the_newest_first_and_filtered_by_state_and_subscription(crm, api):
    now = timezone.now()
    other = make_subscription(crm.company, name="Sheet")
    solved = make_issue(crm, hours_ago=3, solved_at=now, solved_how="delivered")
    watched = make_issue(crm, hours_ago=2, acknowledged_at=now)
    opened = make_issue(other)
    assert listed(api) == [opened.pk, watched.pk, solved.pk]
    assert listed(api, "?order=oldest&page_size=1") == [solved.pk]
    assert listed(api, "?state=open") == [opened.pk]
    assert listed(api, "?state=acknowledged") == [watched.pk]
    assert listed(api, "?state=solved") == [solved.pk]
    assert listed(api, f"?subscription={other.resource_id}") == [opened.pk]
    assert listed(api, f"?opened_before={(now - timedelta(hours=2.5)):%Y-%m-%dT%H:%M:%SZ}") == [solved.pk]
    assert wrong(api.get(f"{ISSUES}?state=over")).keys() == {"state"}


def test_one_page_follows_the_other_without_a_gap(crm, api):
    made = [make_issue(make_subscription(crm.company, name=str(number)), hours_ago=number) for number in range(5)]
    found, url = [], f"{ISSUES}?page_size=2"
    while url:
        page = api.get(url).json()
        found += [each["id"] for each in page["results"]]
        url = page["next"]
    assert found == [issue.pk for issue in made]


def test_acknowledged_noted_and_solved_by_a_program_is_in_the_audit_log(crm, api):
    issue = make_issue(crm)
    shown = api.post(f"{ISSUES}{issue.pk}/acknowledge/").json()
    assert (shown["state"], shown["acknowledged_name"].startswith("API key test")) == ("acknowledged", True)
    again = program(crm.company).post(f"{ISSUES}{issue.pk}/acknowledge/").json()
    assert again["acknowledged_at"] == shown["acknowledged_at"]  # who did first stays
    assert api.patch(f"{ISSUES}{issue.pk}/", {"note": "Hosting is told."}).json()["note"] == "Hosting is told."
    api.patch(f"{ISSUES}{issue.pk}/", {"note": "Hosting is told."})
    shown = api.post(f"{ISSUES}{issue.pk}/solve/").json()
    assert (shown["state"], shown["solved_how"]) == ("solved", "person")
    for verb in ("solve", "acknowledge"):
        answer = api.post(f"{ISSUES}{issue.pk}/{verb}/")
        assert (answer.status_code, answer["Content-Type"]) == (409, PROBLEM)
        assert answer.json()["detail"] == "This issue is solved already."
    entries = AuditEntry.objects.order_by("pk").values_list("act", "detail")
    assert list(entries) == [("Acknowledged", ""), ("Changed", "note"), ("Marked as solved", "")]


def test_only_the_note_can_be_written(crm, api):
    issue = make_issue(crm)
    asked = {"note": "x" * 1001, "state": "solved", "solved_at": "2026-03-02T15:04:05Z", "subscription": "SUB", "no": 1}
    assert wrong(api.patch(f"{ISSUES}{issue.pk}/", asked)).keys() == {f"#/{name}" for name in asked}
    issue.refresh_from_db()
    assert (issue.note, issue.solved_at) == ("", None)


def test_reading_needs_read_and_writing_needs_manage(crm):
    issue = make_issue(crm, note="Not for everybody")
    reads, manages = program(crm.company, ["read"]), program(crm.company, ["manage"])
    assert [reads.post(f"{ISSUES}{issue.pk}/{verb}/").status_code for verb in ("acknowledge", "solve")] == [403, 403]
    assert reads.patch(f"{ISSUES}{issue.pk}/", {"note": "x"}).status_code == 403
    assert manages.get(ISSUES).status_code == 403
    assert manages.post(f"{ISSUES}{issue.pk}/acknowledge/").json() == {"id": issue.pk}


def test_another_company_has_none_of_them(crm):
    issue = make_issue(crm)
    other = program(make_company("Other"))
    assert listed(other) == []
    assert listed(other, f"?subscription={crm.resource_id}") == []
    for method, address in (("get", ""), ("patch", ""), ("post", "acknowledge/"), ("post", "solve/")):
        assert getattr(other, method)(f"{ISSUES}{issue.pk}/{address}", {}).status_code == 404
    issue.refresh_from_db()
    assert issue.state == "open"


def test_a_list_does_not_read_through_what_a_filter_left_out(crm, api, monkeypatch):
    """Of each of a hundred issues as many webhooks would be read as there are, to count none."""
    monkeypatch.setattr(issues, "MOST_IN_LIST", 1)
    monkeypatch.setattr(issues, "READ_FOR_EACH", 2)
    make_issue(crm)
    for _ in range(3):
        make_call(crm.company)
    _, *newest = Delivery.objects.order_by("created_at", "pk").values_list("pk", flat=True)
    Delivery.objects.filter(pk__in=newest).update(state="cancelled", due_at=None, stage=0, finished_at=timezone.now())
    assert [each["webhooks"] for each in api.get(ISSUES).json()["results"]] == [0]
