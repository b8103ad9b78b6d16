"""A person is erased everywhere in a company, and nobody else is. Looks at all columns of all tables."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from callhooks_site.privacy import jobs, who
from callhooks_site.privacy.contacts import Contacts
from callhooks_site.privacy.models import Erasure
from calls.models import Call, Person
from docs.verify import reconcile
from forms_intake.models import FormRefusal
from messaging.models import Thread
from subscriptions.endpoints import operations
from subscriptions.events import erasing
from subscriptions.events.stored_bodies import read_sent
from subscriptions.feed.manifests import making
from subscriptions.feed.manifests.documents import unpack
from subscriptions.lib.errors import ActionRefused
from subscriptions.maintenance import integrity_check
from subscriptions.models import Attempt, AuditEntry, Delivery, Event, IdempotentAnswer, Manifest, Subscription
from tests.support import markers
from tests.support.admin import Tenant
from tests.support.api import program
from tests.support.factories import make_form
from tests.support.markers import EMAIL, NOTATIONS, PHONE, find_left

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]


def test_it_is_found_in_any_notation(ours):
    markers.put_everywhere(ours)
    for contact in (*NOTATIONS, EMAIL):
        found = who.find(ours.company, contact.removeprefix("tel:").replace("%2B", "+"))
        assert found.contacts == Contacts((PHONE,), (EMAIL,))
        assert len(found.people) == 1
        assert markers.NAME in found.names


def test_nothing_of_the_person_is_left_and_all_of_others_is(ours, ask, run):
    theirs = Tenant("Other", PHONE)  # the same person, known to another company too
    mine, named = markers.put_everywhere(ours), markers.mention(ours)
    markers.put_everywhere(theirs)
    near = markers.untouched(ours)
    others, before = markers.rows_of(theirs.company), markers.values_of(near)
    log = Delivery.objects.filter(company=ours.company)
    counted = log.count(), Attempt.objects.filter(delivery__company=ours.company).count(), Call.objects.count()
    waiting = Delivery.objects.filter(event__subject_id=mine["call"].resource_id, state="pending").count()
    assert len(find_left()) > 60
    job = run(ask(ours))
    assert job.state == Erasure.State.DONE
    assert markers.rows_of(theirs.company) == others
    assert markers.values_of(near) == before
    # What is left is the other company's: gone, nothing is.
    job = run(ask(theirs))
    assert find_left() == []
    assert counted == (
        log.count(), Attempt.objects.filter(delivery__company=ours.company).count(), Call.objects.count(),
    )  # fmt: skip
    assert waiting
    assert not log.filter(event__subject_id=mine["call"].resource_id, state="pending").exists()
    for row in named.values():
        row.refresh_from_db()
    assert named["call"].note == "knows [erased]"
    assert named["call"].transcription_text == "write to [erased], thanks"
    assert named["text"].content == "call [erased]!"
    assert named["form"].form_data == {"phone": markers.NEIGHBOUR, "referred by": "[erased]"}
    assert named["call"].customer_name == "Neighbour"
    assert integrity_check.is_sound(integrity_check.check_integrity(seconds=None))


def test_what_is_kept_of_a_call_is_that_there_was_one(ours, ask, run):
    mine = markers.put_everywhere(ours)
    before = Call.objects.get(pk=mine["call"].pk)
    run(ask(ours, EMAIL))
    call = Call.objects.get(pk=mine["call"].pk)
    for name in ("start_time", "answered_at", "ended_at", "tracker_id", "direction", "lead_status", "value", "spam"):
        assert getattr(call, name) == getattr(before, name), name
    assert (call.person, call.tags.count(), call.external_id) == (None, 0, "")
    assert not Person.objects.filter(phone=PHONE).exists()
    assert {thread.address[:7] for thread in Thread.objects.filter(person=None)} == {"erased-"}
    # A change of what is left is told without the person, and is no change because of the erasure.
    told = Event.objects.filter(subject_id=call.resource_id).count()
    call.save()
    assert Event.objects.filter(subject_id=call.resource_id).count() == told


def test_the_hash_of_what_was_sent_stays(ours, ask, run):
    mine = markers.put_everywhere(ours)
    sent = {
        row.pk: hashlib.sha256(read_sent(row)).digest()
        for row in Delivery.objects.filter(event__subject_id=mine["call"].resource_id)
    }
    assert {row.encoding for row in Delivery.objects.filter(pk__in=sent)} == {"json", "form"}
    run(ask(ours))
    for row in Delivery.objects.filter(pk__in=sent).select_related("event"):
        stored = (
            row.event.shaped_bodies.get(subscription_id=row.subscription_id).body if row.shaped
            else row.event.body if row.payload_version == "article"
            else row.event.other_bodies.get(version=row.payload_version).body
        )  # fmt: skip
        assert erasing.sent_digest(bytes(stored), row.encoding) == sent[row.pk]
        assert row.event.erased_at is not None


def test_manifests_of_before_and_after_have_the_same_hashes(ours, ask, run):
    """A manifest that was made before is not changed, and one that is made afterwards says what was sent."""
    markers.put_everywhere(ours)
    subscriptions = Subscription.objects.filter(company=ours.company).order_by("pk")
    Manifest.objects.filter(company=ours.company).delete()
    day = timezone.now().date()

    def made():
        for one in subscriptions:
            making.make(one, day)
        rows = Manifest.objects.filter(company=ours.company).order_by("subscription")
        return [
            [line[:5] for page in row.pages.all() for line in map(json.loads, unpack(page).splitlines())]
            for row in rows
        ]

    before = made()
    assert len(before) == 3
    assert sum(map(len, before)) > 20
    documents = list(Manifest.objects.order_by("pk").values_list("document", flat=True))
    run(ask(ours))
    assert list(Manifest.objects.order_by("pk").values_list("document", flat=True)) == documents
    Manifest.objects.filter(company=ours.company).delete()
    assert made() == before


def test_a_receivers_records_are_compared_with_the_feed(ours, ask, run):
    mine = markers.put_everywhere(ours)
    for subscription in Subscription.objects.filter(company=ours.company):
        of = Delivery.objects.filter(subscription=subscription, event__subject_id=mine["call"].resource_id)
        sent = {row.event.webhook_id: hashlib.sha256(read_sent(row)).hexdigest() for row in of}
        assert sent
        ours.sent = getattr(ours, "sent", {}) | {subscription.resource_id: sent}
    run(ask(ours))
    api = program(ours.company, ["read"])
    for subscription, sent in ours.sent.items():
        page = api.get(f"/api/v1/feed/?subscription={subscription}").json()["results"]
        entries = {entry[0]: entry[3] for entry in map(reconcile.entry_of, page)}
        assert {name: entries[name] for name in sent} == sent


def test_the_certificate_tells_what_but_not_who(ours, ask, run):
    mine = markers.put_everywhere(ours)
    job = run(ask(ours))
    events = Event.objects.filter(
        subject_id__in=[row.resource_id for row in mine.values() if hasattr(row, "resource_id")]
    )
    assert job.counts["calls"] == 1
    assert job.counts["texts"] == 1
    assert job.counts["forms"] == 2
    assert job.counts["webhook_bodies"] == events.count()
    assert job.counts["people"] == 1
    assert job.counts["refused_callbacks"] == 1
    assert job.counts["import_lines"] == 1
    assert (job.contacts, job.requested_name) == ("", "somebody")
    assert [one.pk for one in jobs.find_earlier(ours.company, who.find(ours.company, "(214) 555-0171"))] == [job.pk]
    assert jobs.find_earlier(Tenant("Other", "+12145550188").company, who.find(ours.company, PHONE)) == []
    acts = list(AuditEntry.objects.filter(object_type="erasure").order_by("pk").values_list("act", "actor"))
    assert acts == [("Asked to erase a person", "somebody"), ("Erased a person", "Callhooks")]


def test_what_is_being_sent_is_erased_when_its_answer_is_there(ours, monkeypatch, ask, run):
    mine = markers.put_everywhere(ours)
    sending = Delivery.objects.filter(event__subject_id=mine["call"].resource_id, state="pending").earliest("pk")

    Delivery.objects.filter(pk=sending.pk).update(claim=uuid4(), due_at=Now() + timedelta(seconds=60))
    job = run(ask(ours))
    assert (job.state, job.phase) == ("running", jobs.UNDER_WAY)
    assert job.waiting == [sending.event_id]
    Delivery.objects.filter(pk=sending.pk).update(claim=None, state="delivered", due_at=None)
    Attempt.objects.filter(delivery=sending).update(response_body=b"late 2145550171")
    monkeypatch.setattr(jobs, "LOOK_AGAIN", timedelta())
    assert run(job).state == "done"
    assert find_left() == []
    assert Delivery.objects.get(pk=sending.pk).state == "delivered"


def test_what_was_erased_is_sent_to_nobody(ours, ask, run):
    mine = markers.put_everywhere(ours)
    run(ask(ours))

    erased = Delivery.objects.filter(event__subject_id=mine["call"].resource_id)
    assert operations.resend(erased) == 0
    assert {row.state for row in erased} == {"cancelled"}


def test_a_repeated_request_does_nothing_a_second_time(ours, ask, run):
    markers.put_everywhere(ours)
    run(ask(ours))
    assert dict(IdempotentAnswer.objects.values_list("key", "body")) == {
        "one": '{"erased":true}', "two": '{"erased":true}',
    }  # fmt: skip


def test_somebody_who_is_no_person_is_erased_too(ours, ask, run):
    """Known from refused items alone."""
    markers.put_everywhere(ours)
    run(ask(ours))

    FormRefusal.objects.create(
        company=ours.company, source=ours.form_source, reason="site", fingerprint="zq9", form={"tel": NOTATIONS[0]}
    )
    assert not who.find(ours.company, PHONE).people
    assert run(ask(ours)).counts == {"refused_forms": 1}


def test_one_person_is_erased_once_at_a_time(ours, ask):
    markers.put_everywhere(ours)
    ask(ours)

    with pytest.raises(ActionRefused, match="already"):
        ask(ours, EMAIL)


def test_what_comes_in_meanwhile_belongs_to_whom_it_was(ours, ask, run):
    """A form that arrives between the last form and the end is erased with the person."""
    markers.put_everywhere(ours)
    job = ask(ours)
    while Erasure.objects.get(pk=job.pk).phase != "person":
        jobs.run_step()
    make_form(ours.company, form_data={"email": EMAIL, "name": "Zqerase again"})
    assert run(job).counts["forms"] == 3
    assert find_left() == []


def test_a_kill_in_the_middle_loses_nothing(ours, monkeypatch, ask, run):
    markers.put_everywhere(ours)
    job, real = ask(ours), jobs._save
    monkeypatch.setattr(jobs, "AFTER_A_FAULT", timedelta())

    class Killed(BaseException):
        pass

    def killed(_):
        raise Killed

    steps = 0
    while True:
        monkeypatch.setattr(jobs, "_save", killed)
        try:
            if not jobs.run_step():
                break
        except Killed:
            pass
        monkeypatch.setattr(jobs, "_save", real)
        if not jobs.run_step():
            break
        steps += 1
    assert steps > 20
    assert run(job).counts["calls"] == 1
    assert find_left() == []


def test_the_answer_to_a_request_of_several_events_goes_too(ours, ask, run):
    """The webhook of somebody else went along, and its answer names the person in words of its own."""
    mine, near = markers.put_everywhere(ours), markers.untouched(ours)
    first = Attempt.objects.filter(delivery__event__subject_id=mine["call"].resource_id)[0]
    other = Delivery.objects.filter(event__subject_id=near["call"].resource_id)[0]
    together = Attempt.objects.create(
        delivery=other, number=1, outcome="failed", started_at=timezone.now(), url="https://crm.example.com/hook",
        response_body=markers.NAME.encode(), request_headers=[["a", "b"]], batch=uuid4(),
    )  # fmt: skip
    Attempt.objects.filter(pk=first.pk).update(batch=together.batch)
    run(ask(ours))
    together.refresh_from_db()
    assert (bytes(together.response_body), together.request_headers) == (b"", [["a", "b"]])
    assert find_left() == []
