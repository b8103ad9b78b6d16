"""The bar below the activity list: what is done with the marked rows, and with no others."""

from __future__ import annotations

import pytest
from django.utils import timezone

from calls.models import Call, Tag
from subscriptions.models import AuditEntry, Delivery
from tests.support import factories
from tests.support.admin import login, two_tenants

pytestmark = pytest.mark.django_db
MARKED = "/admin/activity/marked/"


@pytest.fixture
def tenants():
    ours, other = two_tenants()
    return ours, other, login(factories.make_member(ours.company, "admin", "dana@example.com"))


def rows(tenant) -> list[str]:
    return [f"call-{tenant.call.pk}", f"text-{tenant.text.pk}", f"form-{tenant.form.pk}"]


def test_the_webhooks_of_the_marked_rows_are_sent_again(tenants):
    ours, other, client = tenants
    for number, (tenant, state) in enumerate([(ours, "failed"), (other, "failed")]):
        Delivery.objects.filter(company=tenant.company, event__test=False).update(
            state=state, due_at=None, finished_at=timezone.now(), attempts=number + 1
        )
    left_out = Delivery.objects.filter(event__subject_id=ours.form.resource_id)
    left_out.update(state="cancelled", reason="Filtered out")
    client.post(MARKED, {"action": "send", "row": [*rows(ours)[1:], *rows(other)]})
    sent = Delivery.objects.filter(state="pending", reason="Sent again on request.")
    assert {row.event.subject_id for row in sent} == {ours.text.resource_id}
    assert AuditEntry.objects.get(act="Sent again").company == ours.company


@pytest.mark.django_db(transaction=True)  # the changes of one transaction are one event
def test_a_tag_is_added_to_calls_conversations_and_forms_and_a_call_tells_of_it(tenants):
    ours, other, client = tenants
    tag = Tag.objects.create(company=ours.company, name="Hail damage")
    told = Delivery.objects.filter(event__type="call_modified", company=ours.company).count()
    client.post(MARKED, {"action": "tag", "tag": tag.pk, "row": [*rows(ours), *rows(other)]})
    for owner in (ours.call, ours.text.thread, ours.form):
        assert tag in owner.tags.all()
    assert tag not in other.call.tags.all()
    assert Delivery.objects.filter(event__type="call_modified", company=ours.company).count() == told + 1
    client.post(MARKED, {"action": "tag", "tag": other.tag.pk, "row": rows(ours)})
    assert other.tag not in ours.call.tags.all()


def test_calls_are_marked_and_texts_and_forms_left(tenants):
    ours, other, client = tenants
    answer = client.post(MARKED, {"action": "good_lead", "row": [*rows(ours), *rows(other)]}, follow=True)
    ours.call.refresh_from_db()
    assert (ours.call.lead_status, ours.call.lead_status_by) == ("good_lead", "person")
    assert not Call.objects.get(pk=other.call.pk).lead_status
    assert "1 call marked as a good lead. 2 rows left as they are" in answer.content.decode()


def test_the_file_has_the_marked_rows_only(tenants):
    ours, other, client = tenants
    answer = client.post(MARKED, {"action": "export", "row": [rows(ours)[0], *rows(other)]})
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) == 2
    assert ours.call.resource_id in lines[1]


def test_a_viewer_gets_the_file_and_changes_nothing(tenants):
    ours, _, _ = tenants
    client = login(factories.make_member(ours.company, "viewer", "viewer@example.com"))
    assert "Send webhooks again" not in client.get("/admin/activity/").content.decode()
    assert client.post(MARKED, {"action": "export", "row": rows(ours)}).status_code == 200
    for action in ("send", "tag", "spam"):
        assert client.post(MARKED, {"action": action, "tag": ours.tag.pk, "row": rows(ours)}).status_code == 403
