"""A busy service by SQL: three tenants with as many deliveries each, and everything that leads to them.

Each table is filled with copies of a row that the product itself made, so a new column needs no word here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench import fixtures, issue_data
from tests.bench.copies import Copies, highest, renumber, resource_id

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import Model

TENANTS = 3
SUBSCRIPTIONS = 10
TRACKERS = 10
# Of a tenant's deliveries: how many have two to an event; one in so many calls, texts, forms and people.
PER_EVENT, PER_CALL, PER_TEXT, PER_FORM, PER_PERSON, PER_ENTRY = 2, 4, 10, 10, 20, 10
DAYS = 30
BODY = '{"resource_id":"","note":"' + "Called about an appointment next week. " * 12 + '"}'
# The product's own deliveries have smaller numbers.
FIRST_DELIVERY = 100_000
# When row n of `total` came: evenly over the days, the last one now.
# The same moment in each statement: an event's id is made of its time, and its deliveries name it.
_AT = f"(%(now)s::timestamptz - (%(total)s - n) * interval '{DAYS} days' / %(total)s)"
# A version 7 UUID of that time.
_UUID7 = (
    f"(lpad(to_hex((extract(epoch from {_AT}) * 1000)::bigint), 12, '0') || '7'"
    " || substr(md5(%(salt)s || n::text), 1, 19))::uuid"
)
# Invented ones: 555-0100 to 555-0199 of each area code, enough for the people of a million deliveries.
_PHONE = (
    "'+1' || (300 + (n - 1) %% %(people)s / 100)::text || '55501' || lpad(((n - 1) %% %(people)s %% 100)::text, 2, '0')"
)


# A day's events: three of each call, few of the rest.
_TYPE = (
    "(ARRAY['form_submission','text_message_sent','text_message_received','text_message_received','call_modified',"
    "'call_modified','pre_call','call_routing_complete','post_call'])"
    "[CASE WHEN n %% 20 < 6 THEN 1 + n %% 20 ELSE 7 + n %% 3 END]"
)


_FIVE_LETTERS = " || ".join(f"chr(97 + n / {26**place} %% 26)" for place in range(5))


@dataclass(frozen=True, slots=True)
class AdminData:
    admin: User
    agency: User  # a member of all companies
    operator: User
    deliveries: int
    terms: list[str]  # what one would look for
    companies: list[int]
    key: str  # of the admin's company
    hook: str  # the resource id of a subscription of it


def fill(size: int) -> AdminData:
    """`size`: deliveries of each tenant."""
    from django.contrib.auth.models import User
    from django.db import connection

    from subscriptions.maintenance import statistics
    from subscriptions.models import ApiKey, Company, Delivery, Membership, Subscription

    operator = User.objects.create_superuser("operator@example.com", password=None)
    admin = User.objects.create_user("admin@example.com", is_staff=True)
    agency = User.objects.create_user("agency@example.com", is_staff=True)
    terms: list[str] = []
    companies: list[int] = []
    for tenant in range(1, TENANTS + 1):
        company, found = _tenant(tenant, size)
        companies.append(company.pk)
        Membership.objects.create(company=company, user=agency, role="admin")  # type: ignore[misc]
        if tenant == 1:
            Membership.objects.create(company=company, user=admin, role="admin")  # type: ignore[misc]
            terms = found
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")
    while statistics.roll_up():  # what sweeps would have counted by now
        pass
    first = Company.objects.get(pk=companies[0])
    hooks = Subscription.objects.filter(company=first).order_by("pk")
    issue_data.fill(first, [one.pk for one in hooks])
    _, key = ApiKey.objects.issue(company=first, name="Bench")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return AdminData(admin, agency, operator, Delivery.objects.count(), terms, companies, key, hooks[0].resource_id)


def _tenant(tenant: int, size: int) -> tuple[Model, list[str]]:
    from django.db import connection
    from django.utils import timezone

    from calls.models import Call, Person
    from forms_intake.models import FormSubmission
    from messaging.models import TextMessage, Thread
    from subscriptions.models import Attempt, AuditEntry, Delivery, Event
    from subscriptions.tenancy import audit_log

    company = fixtures.company(f"Bench Dental {tenant}")
    numbers = [fixtures.tracker(company) for _ in range(TRACKERS)]
    hooks = fixtures.subscribe(
        company, [f"https://example.com/hooks/{tenant}/{n}" for n in range(SUBSCRIPTIONS)], "post_call"
    )
    call = fixtures.ended_call(company, numbers[0])
    call.customer_name = "Ann Example"
    call.save()
    text = TextMessage(company=company, tracker=numbers[0], direction="inbound",
                       customer_phone_number="+12145550123", content="Hello")  # fmt: skip
    text.save()
    form = FormSubmission(company=company, form_data={"name": "Ann Example", "email": "ann@example.com"})
    form.save()
    entry = audit_log.record(audit_log.SERVICE, "Paused", company, company=company)
    delivery = Delivery.objects.filter(company=company).order_by("pk")[0]
    attempt = Attempt.objects.create(delivery=delivery, number=99, outcome="delivered", started_at=delivery.created_at,
                                     url="https://example.com", status_code=200, duration_ms=120)  # fmt: skip
    people, calls, events = size // PER_PERSON, size // PER_CALL, size // PER_EVENT
    base = {name: highest(model) for name, model in (("person", Person), ("thread", Thread))}
    salt = f"{tenant}-"
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no look-up of each reference
    copies = Copies({"people": people, "now": timezone.now()})
    copies.make(Person, call.person_id, people, salt,
                id=f"{base['person']} + n", phone=_PHONE, email="''", name="'Person ' || n",
                resource_id=resource_id("PER"), created_at=_AT)  # fmt: skip
    tracker = _one_of([one.pk for one in numbers])
    person = f"{base['person']} + 1 + (n - 1) %% %(people)s"
    copies.make(Call, call.pk, calls, salt, resource_id=resource_id("CAL"), person_id=person, tracker_id=tracker,
                customer_phone_number=_PHONE, start_time=_AT, external_id="''",
                created_at=_AT, customer_name="'Person ' || ((n - 1) %% %(people)s + 1)")  # fmt: skip
    copies.make(Thread, text.thread_id, people, salt, id=f"{base['thread']} + n",
                person_id=f"{base['person']} + n", resource_id=resource_id("SMT"),
                conversation_id=_FIVE_LETTERS)  # fmt: skip
    copies.make(TextMessage, text.pk, size // PER_TEXT, salt, resource_id=resource_id("SCI"), external_id="''",
                thread_id=f"{base['thread']} + 1 + (n - 1) %% %(people)s", customer_phone_number=_PHONE,
                sent_at=_AT)  # fmt: skip
    copies.make(FormSubmission, form.pk, size // PER_FORM, salt, resource_id=resource_id("FRM"), person_id=person,
                external_id="''", submitted_at=_AT)  # fmt: skip
    about = f"'CAL' || md5(%(salt)s || 'CAL' || ((n - 1) %% {calls} + 1)::text)"
    copies.make(Event, delivery.event_id, events, salt, id=_UUID7, subject_id=about, created_at=_AT, type=_TYPE,
                sequence=f"1 + (n - 1) / {calls}", fan_out=str(PER_EVENT),
                body=f"convert_to($body${BODY}$body$, 'UTF8')")  # fmt: skip
    state = ("CASE WHEN n %% 100 < 96 THEN 'delivered' WHEN n %% 100 < 98 THEN 'failed'"
             " WHEN n %% 100 = 98 THEN 'held' WHEN n %% 200 = 99 THEN 'cancelled' ELSE 'pending' END")  # fmt: skip
    code = "CASE WHEN n %% 100 < 96 THEN 200 WHEN n %% 100 = 96 THEN 404 WHEN n %% 100 = 97 THEN 503 END"
    for turn in range(PER_EVENT):
        # As if all tenants' had come side by side.
        key = f"{FIRST_DELIVERY} + ((n - 1) * {TENANTS} + {tenant - 1}) * {PER_EVENT} + {turn}"
        copies.make(Delivery, delivery.pk, events, salt, id=key, event_id=_UUID7, created_at=_AT,
                    subscription_id=_one_of(hooks, turn), state=state, status_code=code, attempts="1",
                    due_at="CASE WHEN n %% 200 = 199 THEN now() + interval '1 hour' END", claim="NULL",
                    finished_at=_AT, reason="''")  # fmt: skip
        copies.make(Attempt, attempt.pk, events, salt, delivery_id=key, number="1", status_code=code,
                    started_at=_AT)  # fmt: skip
    newest = Delivery.objects.filter(company=company).order_by("-pk")[0]
    if not Event.objects.filter(pk=newest.event_id).exists():
        raise RuntimeError("Deliveries were made whose event is not there: the bench would measure nonsense.")
    copies.make(AuditEntry, entry.pk, size // PER_ENTRY, salt, at=_AT)
    renumber(Person, Thread)
    name = f"Person {people // 2}"
    sample = Event.objects.filter(company=company).order_by("-created_at")[events // 2]
    phone = Call.objects.filter(company=company).values_list("customer_phone_number", flat=True)[calls // 2]
    return company, [phone, numbers[0].phone_number, sample.webhook_id, sample.subject_id,
                     str(newest.pk), name, "nonsense"]  # fmt: skip


def _one_of(ids: list[int], shift: int = 0) -> str:
    return f"(ARRAY[{','.join(map(str, ids))}])[1 + (n + {shift}) %% {len(ids)}]"
