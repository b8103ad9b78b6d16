"""Two people who turn out to be one are merged in the admin, and taken apart again."""

from __future__ import annotations

import pytest
from django.urls import reverse

from calls import merging
from calls.models import Person, PersonMerge
from subscriptions.models import AuditEntry, Company
from tests.support.admin import login
from tests.support.events import bodies_of
from tests.support.factories import (
    START,
    ended_call,
    make_company,
    make_form,
    make_member,
    make_subscription,
    make_tracker,
)
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    return make_company()


def person(company: Company, number: int, **fields: str) -> Person:
    return Person.objects.create(company=company, phone=f"+1214555012{number}", **fields)


def rows() -> dict[int, int | None]:
    return dict(Person.objects.values_list("pk", "merged_into"))


def test_the_page_finds_asks_merges_and_takes_apart(company):
    ann, bob = person(company, 1, name="Ann"), person(company, 2, email="bob@example.com")
    client = login(make_member(company))
    page = reverse("admin:calls_person_merge", args=[ann.pk])
    for said in ("(214) 555-0122", "Bob@example.com", bob.resource_id):
        asked = client.post(page, {"other": said})
        assert bob.resource_id in asked.content.decode()
        assert rows() == {ann.pk: None, bob.pk: None}, "nothing happens before it is confirmed"
    client.post(page, {"other": bob.resource_id, "sure": "yes"})
    assert rows() == {ann.pk: None, bob.pk: ann.pk}
    shown = client.get(reverse("admin:calls_person_change", args=[ann.pk])).content.decode()
    assert "<div>214-555-0121</div><div>214-555-0122</div>" in shown
    assert "bob@example.com" in shown
    listed = client.get(reverse("admin:calls_person_changelist")).context["cl"].result_list
    assert [each.pk for each in listed] == [ann.pk]
    made = PersonMerge.objects.get()
    client.post(page, {"apart": made.pk})
    assert rows() == {ann.pk: None, bob.pk: None}
    made.refresh_from_db()
    assert made.undone_at is not None
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == [f"Merged with {bob.resource_id}", f"Took apart from {bob.resource_id}"]
    assert "were taken apart already" in client.post(page, {"apart": made.pk}).content.decode()


@pytest.mark.parametrize("said", ["+12145550199", "nobody@example.com", "PER0", "+12145550121", "\x00"], ids=ascii)
def test_who_is_nobody_else_is_told(company, said):
    ann = person(company, 1)
    page = reverse("admin:calls_person_merge", args=[ann.pk])
    answer = login(make_member(company)).post(page, {"other": said, "sure": "yes"})
    assert answer.context["form"].errors["other"]


def test_another_companys_person_is_nobody(company):
    ann, other = person(company, 1), person(make_company("Other"), 2)
    client = login(make_member(company))
    for said in (other.phone, other.resource_id):
        answer = client.post(reverse("admin:calls_person_merge", args=[ann.pk]), {"other": said, "sure": "yes"})
        assert "Nobody has this" in answer.content.decode()
    assert client.get(reverse("admin:calls_person_merge", args=[other.pk])).status_code == 302
    with pytest.raises(merging.CannotMerge, match="different companies"):
        merging.merge(ann, other, by="x")
    assert rows() == {ann.pk: None, other.pk: None}


def test_a_viewer_merges_nobody(company):
    ann, bob = person(company, 1), person(company, 2)
    client = login(make_member(company, "viewer"))
    page = reverse("admin:calls_person_merge", args=[ann.pk])
    assert client.post(page, {"other": bob.resource_id, "sure": "yes"}).status_code == 403
    assert rows() == {ann.pk: None, bob.pk: None}


@pytest.mark.parametrize("first", ["inner", "outer"])
def test_merges_are_undone_in_any_order(company, first):
    a, b, c = (person(company, number) for number in (1, 2, 3))
    inner = merging.merge(b, c, by="x")
    outer = merging.merge(a, b, by="x")
    assert rows() == {a.pk: None, b.pk: a.pk, c.pk: a.pk}
    if first == "inner":
        merging.take_apart(inner, by="x")
        assert rows() == {a.pk: None, b.pk: a.pk, c.pk: None}
        merging.take_apart(outer, by="x")
    else:
        merging.take_apart(outer, by="x")
        assert rows() == {a.pk: None, b.pk: None, c.pk: b.pk}
        merging.take_apart(inner, by="x")
    assert rows() == {a.pk: None, b.pk: None, c.pk: None}
    with pytest.raises(merging.CannotMerge, match="already"):
        merging.take_apart(inner, by="x")


def test_nobody_is_merged_twice(company, monkeypatch):
    a, b, c = (person(company, number) for number in (1, 2, 3))
    merging.merge(a, b, by="x")
    for kept, merged in ((a, a), (a, b), (c, b), (b, c)):
        with pytest.raises(merging.CannotMerge):
            merging.merge(kept, merged, by="x")
    monkeypatch.setattr(merging, "MOST_MERGED", 2)
    with pytest.raises(merging.CannotMerge, match="at most 2"):
        merging.merge(a, c, by="x")


def test_later_webhooks_and_the_leads_know_one_person(company):
    make_subscription(company)
    tracker = make_tracker(company)
    one = ended_call(company, tracker, customer_phone_number="+12145550121", customer_name="Ann")
    two = ended_call(company, tracker, customer_phone_number="+12145550122")
    form = make_form(company, form_data={"email": "ann@example.com"})
    merging.merge(one.person, two.person, by="x")
    made = merging.merge(one.person, form.person, by="x")
    third = ended_call(company, tracker, customer_phone_number="+12145550122", start_time=START.replace(hour=20))
    told = bodies_of(third, "post_call")[0]
    assert (told["person_resource_id"], told["prior_calls"]) == (one.person.resource_id, 2)
    api = Vendor(company)
    (lead,) = api.get("leads.json")["leads"]
    assert lead["id"] == one.person.resource_id
    for key in (one.person.resource_id, form.person.resource_id):
        assert api.get(f"leads/{key}/timeline.json")["lead"]["total_interactions"] == 4
    assert api.get("calls/summary.json", fields="first_time_callers", date_range="all_time")["total_results"][
        "first_time_callers"
    ] == 1  # fmt: skip
    merging.take_apart(made, by="x")
    assert len(api.get("leads.json")["leads"]) == 2
    assert api.get(f"leads/{form.person.resource_id}/timeline.json")["lead"]["total_interactions"] == 1


def test_a_search_by_any_of_the_numbers_finds_all(company):
    tracker = make_tracker(company)
    one = ended_call(company, tracker, customer_phone_number="+12145550121")
    two = ended_call(company, tracker, customer_phone_number="+12145550122")
    merging.merge(one.person, two.person, by="x")
    client = login(make_member(company))
    for term in ("214 555 0121", "214 555 0122", one.person.resource_id, two.person.resource_id):
        listed = client.get(reverse("admin:calls_call_changelist"), {"q": term}).context["cl"].result_list
        assert {each.pk for each in listed} == {one.pk, two.pk}
        listed = client.get(reverse("admin:calls_person_changelist"), {"q": term}).context["cl"].result_list
        assert [each.pk for each in listed] == [one.person_id]
