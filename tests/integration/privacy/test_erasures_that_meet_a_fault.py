"""An erasure that cannot go on holds up no other one, what outsiders write lets none fail, and it hides no acts."""

from __future__ import annotations

import logging

import pytest
from django.db import connection
from django.urls import reverse

from callhooks_site.metrics import state
from callhooks_site.privacy import jobs, mentions, tasks, walking
from callhooks_site.privacy.models import FAILS_AT, Erasure
from calls.models import Call, Tracker
from forms_intake.models import FormSubmission
from subscriptions.lib.errors import ActionRefused
from subscriptions.tenancy import audit_log
from tests.support import factories
from tests.support.admin import Tenant, login
from tests.support.markers import EMAIL, PHONE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]
SHORT = "a@b.co"


def test_a_fault_in_one_holds_up_no_other(ours, ask, run, monkeypatch, caplog):
    bad, good = ask(ours), ask(Tenant("Other", "+12145550166"))
    phase = jobs.OWN["calls"]

    def fail(job, *rest):
        if job.pk == bad.pk:
            raise ValueError("odd row")
        return phase(job, *rest)

    monkeypatch.setitem(jobs.OWN, "calls", fail)
    with caplog.at_level(logging.ERROR, jobs.logger.name):
        assert run(good).state == Erasure.State.DONE
    bad.refresh_from_db()
    assert (bad.state, bad.phase) == ("running", "calls")
    said = [record.message for record in caplog.records if record.name == jobs.logger.name]
    assert said == [f"Erasure {bad.pk} failed at calls; it is tried again"]
    monkeypatch.setitem(jobs.OWN, "calls", phase)
    Erasure.objects.update(stepped_at=None)  # five minutes later
    assert run(bad).state == Erasure.State.DONE


def test_one_that_fails_again_and_again_is_shown_with_what_to_do(ours, ask, run, monkeypatch):
    job, phase = ask(ours), jobs.OWN["calls"]

    def fail(*_):
        raise ValueError(f"odd row of {PHONE}")

    monkeypatch.setitem(jobs.OWN, "calls", fail)
    page, owner = reverse("admin:privacy_erasure_change", args=[job.pk]), login(ours.admin)
    told = []
    for turn in range(1, 13):
        Erasure.objects.update(stepped_at=None)  # five minutes later
        try:
            tasks.work()
        except jobs.StepFailed as error:
            told.append((turn, str(error)))
        shown = owner.get(page).content.decode()
        assert ("failed" in shown) == (turn >= FAILS_AT), turn
        assert metric("callhooks_erasures_failing") == (turn >= FAILS_AT)
    assert f"Erasure {job.pk} failed" in shown
    assert ">Fails<" in owner.get(reverse("admin:privacy_erasure_changelist")).content.decode()
    expected = [(turn, f"Erasure {job.pk} failed {turn} times at calls. The log says why.") for turn in (4, 12)]
    assert told == expected, "with nothing of the person"

    monkeypatch.setitem(jobs.OWN, "calls", phase)
    Erasure.objects.update(stepped_at=None)
    assert run(job).state == Erasure.State.DONE
    assert (job.tries, job.fails, metric("callhooks_erasures_failing")) == (0, False, 0)


def metric(name: str) -> float:
    (family,) = state.PARTS["erasures"]()
    assert family.name == name
    return family.samples[0].value


def test_a_step_that_ends_its_worker_holds_up_no_other(ours, ask, run, monkeypatch):
    bad, good = ask(ours), ask(Tenant("Other", "+12145550166"))

    class Killed(BaseException):
        pass

    def end(*_):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setitem(jobs.OWN, "audit log", end)
        with pytest.raises(Killed):
            jobs.run_step()
    assert run(good).state == Erasure.State.DONE
    bad.refresh_from_db()
    assert (bad.state, bad.phase) == ("running", "audit log")


def test_a_short_address_in_a_full_column_is_taken_out(ours, ask, run):
    """Whoever fills in a form of a company could write that."""
    factories.make_form(ours.company, form_data={"email": SHORT})
    full = (f"{SHORT} " * 30)[:200]
    other = factories.make_form(ours.company, form_data={"email": EMAIL})
    FormSubmission.objects.filter(pk=other.pk).update(utma=full)
    assert run(ask(ours, SHORT)).state == Erasure.State.DONE
    other.refresh_from_db()
    assert SHORT not in other.utma
    assert other.utma.startswith("[erased] [erased]")


def test_ids_that_differ_in_the_number_only(ours, ask, run):
    for number, said in enumerate((PHONE, PHONE[1:], "(214) 555-0171")):
        factories.ended_call(
            ours.company, ours.tracker, customer_phone_number=f"+1214555018{number}", external_source="pbx",
            external_id=f"call-{said}",
        )  # fmt: skip
    assert run(ask(ours)).state == Erasure.State.DONE
    with connection.cursor() as cursor:
        cursor.execute("SELECT external_id FROM calls_call WHERE external_source = 'pbx'")
        assert cursor.fetchall() == [("",)] * 3


def test_a_step_reads_a_bounded_number_of_bytes(ours, monkeypatch):
    """A transcript has megabytes: hundreds of them at once would take longer than a task may."""
    calls = [
        factories.ended_call(ours.company, ours.tracker, customer_phone_number=f"+1214555018{number}",
                             transcription_text="a" * 100_000) for number in range(3)
    ]  # fmt: skip
    monkeypatch.setattr(walking, "MOST_BYTES", 250_000)
    cursor, steps = None, []
    for _ in range(9):
        keys, cursor = mentions.CALLS.next(mentions.CALLS.rows(ours.company.pk), cursor)
        steps.append(keys)
        if cursor is None:
            break
    big = {call.pk for call in calls}
    assert sorted(len(big & set(keys)) for keys in steps) == [1, 2]
    assert sum(map(len, steps)) == Call.objects.filter(company=ours.company).count()
    monkeypatch.setattr(walking, "MOST_BYTES", 1)
    keys, cursor = mentions.EVENTS.next(mentions.EVENTS.rows(ours.company.pk), None)
    assert len(keys) == 1  # there is always one
    assert cursor is not None


def test_an_owner_cannot_take_their_name_off_their_acts(ours, ask, run):
    member = factories.make_member(ours.company, "owner", username="mallory@example.com")
    mine = audit_log.record(audit_log.Actor.person(member), "Deleted", company=ours.company)
    gone = audit_log.record(audit_log.Actor("mallory@example.com"), "Deleted", company=ours.company)
    run(ask(ours, "mallory@example.com"))
    for entry in (mine, gone):
        entry.refresh_from_db()
    assert mine.actor == "mallory@example.com"
    assert gone.actor == "[erased]"


def test_a_companys_own_number_is_no_persons(ours, ask, run):
    """A key, or a request with the wrong number in it, would empty the webhooks of everybody."""
    Tracker.objects.filter(pk=ours.tracker.pk).update(destination_number="+12145550199")
    for number in (ours.tracker.phone_number, "(214) 555-0199"):
        with pytest.raises(ActionRefused, match="switch the tracking number off"):
            ask(ours, number)
    other = Tenant("Other", "+12145550166")
    assert run(ask(other, ours.tracker.phone_number)).state == Erasure.State.DONE
    Tracker.objects.filter(pk=ours.tracker.pk).update(active=False)
    assert run(ask(ours, ours.tracker.phone_number)).state == Erasure.State.DONE
