"""An installation of 20,000 companies with five endpoints each, by SQL: each has people, calls, texts, forms, members,
keys and a log, and a week of statistics. Beside the endpoints, half as many removed ones.

Each table is filled with copies of rows that the product itself made, so a new column needs no word here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from tests.bench import fixtures
from tests.bench.copies import Copies, highest, renumber, resource_id

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import Model

    from subscriptions.models import Company

COMPANIES = 20_000
ENDPOINTS = 5  # of a company
# Further rows of a company. With `DELIVERIES`: two to an event.
EACH = {"tracker": 2, "tag": 3, "person": 5, "call": 5, "event": 5, "entry": 3, "archived": 2}
DELIVERIES = 2
DAYS, BUSY_HOURS = 7, (9, 11, 15)  # hours in which each endpoint gets something
FAILING = 25  # one of so many companies has an endpoint that fails, with an open issue
AGENCY, GREAT_AGENCY = 4, 20 / 11  # one of so many companies has them as member
_AT = "(%(now)s::timestamptz - (%(total)s - n) * interval '7 days' / %(total)s)"
_UUID7 = (
    f"(lpad(to_hex((extract(epoch from {_AT}) * 1000)::bigint), 12, '0') || '7'"
    " || substr(md5(%(salt)s || n::text), 1, 19))::uuid"
)
_STATE = (
    "CASE WHEN n %% 100 < 96 THEN 'delivered' WHEN n %% 100 < 98 THEN 'failed'"
    " WHEN n %% 100 = 98 THEN 'held' WHEN n %% 200 = 99 THEN 'cancelled' ELSE 'pending' END"
)
_HOURS = """
INSERT INTO subscriptions_hourlyfigures (subscription_id, company_id, hour, delivered, failed, retried, latency)
SELECT s.id, s.company_id, date_trunc('day', %(now)s::timestamptz, 'UTC') - day * interval '1 day'
       + hour * interval '1 hour', 3, (s.id %% 50 = 0)::int, 1, ARRAY[0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  FROM subscriptions_subscription s, generate_series(0, %(days)s - 1) day, unnest(%(hours)s::int[]) hour
 WHERE s.state = 'active'
"""


@dataclass(frozen=True, slots=True)
class WideData:
    operator: User
    owner: User
    agency: User
    great_agency: User
    companies: list[int]  # the owner's, and one of both agencies
    terms: list[str]
    endpoints: int
    operator_key: str
    company_key: str
    account: str  # the resource id of the owner's company, without its prefix
    hook: str  # the resource id of a subscription of the owner's company


def fill(size: int) -> WideData:
    """`size`: companies."""
    from django.contrib.auth.models import User
    from django.db import connection

    from subscriptions.maintenance import statistics
    from subscriptions.models import ApiKey, Subscription

    operator = User.objects.create_superuser("operator@example.com", password=None)
    owner = User.objects.create_user("owner@example.com", is_staff=True)
    agency = User.objects.create_user("agency@example.com", is_staff=True)
    great = User.objects.create_user("great-agency@example.com", is_staff=True)
    company, rows = _first(owner)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no look-up of each reference
    first = _copy(size, company, rows)
    with connection.cursor() as cursor:
        for user, every in ((agency, AGENCY), (great, GREAT_AGENCY)):
            cursor.execute(
                "INSERT INTO subscriptions_membership (company_id, user_id, role, alert_mails)"
                " SELECT %s + ceil(n * %s), %s, 'admin', false FROM generate_series(1, %s) n",
                [first, every, user.pk, int(size / every)],
            )
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")
    statistics.roll_up()  # the first sweep notes how far there is to count, the others count
    while statistics.roll_up():
        pass
    _, operator_key = ApiKey.objects.issue(company=None, name="Bench")
    _, company_key = ApiKey.objects.issue(company=company, name="Bench")
    phone = rows["call"].customer_phone_number  # type: ignore[attr-defined]
    terms = [f"Dental {size // 2}", "Dental", phone, rows["call"].resource_id, "nonsense"]  # type: ignore[attr-defined]
    return WideData(operator, owner, agency, great, [company.pk, first + 20], terms,
                    Subscription.objects.filter(state="active").count(), operator_key, company_key,
                    company.resource_id[3:], rows["hook"].resource_id)  # type: ignore[attr-defined]  # fmt: skip


def _first(owner: User) -> tuple[Company, dict[str, Model]]:
    """A company as the product makes it, and a row of each kind."""
    from django.utils import timezone

    from calls.models import Tag
    from forms_intake.models import FormSource, FormSubmission
    from messaging.models import TextMessage
    from subscriptions.feed.manifests import making
    from subscriptions.models import (
        AlertDestination,
        ApiKey,
        Attempt,
        Delivery,
        EndpointHealth,
        EndpointIssue,
        FeedConsumer,
        Membership,
        Subscription,
    )
    from subscriptions.tenancy import audit_log, members

    company = fixtures.company("Bench Dental")
    tracker = fixtures.tracker(company)
    hooks = fixtures.subscribe(company, [f"https://example.com/hooks/{n}" for n in range(ENDPOINTS)], "post_call")
    removed = fixtures.subscribe(company, ["https://example.com/old"], "post_call")
    Subscription.objects.filter(pk__in=removed).update(state=Subscription.State.ARCHIVED)
    call = fixtures.ended_call(company, tracker)
    call.customer_name = "Ann Example"
    call.save()
    text = TextMessage(company=company, tracker=tracker, direction="inbound",
                       customer_phone_number="+12145550123", content="Hello")  # fmt: skip
    text.save()
    form = FormSubmission(company=company, form_data={"name": "Ann Example", "email": "ann@example.com"})
    form.save()
    delivery = Delivery.objects.filter(company=company).order_by("pk")[0]
    attempt = Attempt.objects.create(delivery=delivery, number=99, outcome="delivered", started_at=delivery.created_at,
                                     url="https://example.com", status_code=200, duration_ms=120)  # fmt: skip
    health = EndpointHealth.objects.create(
        subscription_id=hooks[0], window_began=delivery.created_at, last_failure="The server answered 503."
    )
    hook = Subscription.objects.get(pk=hooks[0])
    yesterday = timezone.now() - timedelta(days=1)
    Delivery.objects.filter(subscription=hook).update(created_at=yesterday)
    manifest = making.make(hook, yesterday.astimezone(UTC).date())
    assert manifest is not None
    issue = EndpointIssue.objects.create(company=company, subscription=hook, answer="The server answered 503.")
    alerts = AlertDestination.objects.create(company=company, kind="mail", name="Office", alerts=["failing"],
                                             email="owner@example.com")  # fmt: skip
    key, _ = ApiKey.objects.issue(company=company, name="CRM")
    rows: dict[str, Model] = {
        "tracker": tracker, "call": call, "text": text, "form": form, "delivery": delivery, "attempt": attempt,
        "manifest": manifest, "issue": issue, "alerts": alerts,
        "consumer": FeedConsumer.objects.create(company=company, name="warehouse"),
        "hook": hook, "removed": Subscription.objects.get(pk=removed[0]),
        "health": health, "tag": Tag.objects.create(company=company, name="Tag"), "key": key, "user": owner,
        "source": FormSource.objects.create(company=company, name="Web site"),
        "member": Membership.objects.create(company=company, user=owner, role="owner"),
        "invitation": members.invite(company=company, email="new@example.com", role="viewer", by=owner)[0],
        "entry": audit_log.record(audit_log.SERVICE, "Paused", company, company=company),
    }  # fmt: skip
    return company, rows


def _copy(size: int, company: Company, rows: dict[str, Any]) -> int:
    """Copies of all of it for `size` companies; the id before the first."""
    from django.contrib.auth.models import User
    from django.db import connection
    from django.utils import timezone

    from calls.models import Call, Person, Tag, Tracker
    from forms_intake.models import FormSource, FormSubmission
    from messaging.models import TextMessage, Thread
    from subscriptions.models import (
        AlertDestination,
        ApiKey,
        Attempt,
        AuditEntry,
        Company,
        Delivery,
        EndpointHealth,
        EndpointIssue,
        Event,
        FeedConsumer,
        Invitation,
        Manifest,
        Membership,
        Subscription,
    )

    base = {model: highest(model) for model in (Company, Tracker, Person, Subscription, User, Delivery, Thread)}
    now = timezone.now()
    copies = Copies({"now": now})
    salt = "wide-"
    hashed = "md5(%(salt)s || n::text)"

    def of(model: Any, each: int) -> str:
        """The id of the row that is n's, where each of those has so many."""
        return f"{base[model]} + 1 + (n - 1) / {each}"

    copies.make(Company, company.pk, size, salt, id=f"{base[Company]} + n", resource_id=resource_id("COM"),
                name="'Dental ' || n")  # fmt: skip
    copies.make(User, rows["user"].pk, size, salt, id=f"{base[User]} + n", username="'owner' || n || '@example.com'",
                email="'owner' || n || '@example.com'")  # fmt: skip
    copies.make(Membership, rows["member"].pk, size, salt, company_id=of(Company, 1), user_id=of(User, 1))
    copies.make(Invitation, rows["invitation"].pk, size, salt, company_id=of(Company, 1), hashed=hashed,
                email="'new' || n || '@example.com'", invited_by_id=of(User, 1))  # fmt: skip
    copies.make(ApiKey, rows["key"].pk, size, salt, company_id=of(Company, 1), hashed=hashed)
    copies.make(FormSource, rows["source"].pk, size, salt, company_id=of(Company, 1), public_key=hashed)
    for name, model in (("tracker", Tracker), ("tag", Tag), ("entry", AuditEntry)):
        more = {
            "tracker": {"id": f"{base[Tracker]} + n", "resource_id": resource_id("TRK"),
                        "phone_number": "'+1' || 2000000000 + n", "name": "'Google Ads ' || n"},
            "tag": {"name": "'Tag ' || n"},
            "entry": {"at": _AT},
        }[name]  # fmt: skip
        copies.make(model, rows[name].pk, size * EACH[name], salt, company_id=of(Company, EACH[name]), **more)
    copies.make(Subscription, rows["hook"].pk, size * ENDPOINTS, salt, id=f"{base[Subscription]} + n",
                company_id=of(Company, ENDPOINTS), resource_id=resource_id("SUB"), name="'CRM ' || n",
                url="'https://receiver-' || n || '.example.com/hooks'")  # fmt: skip
    failing = f"CASE WHEN n %% {FAILING * ENDPOINTS} = 1 THEN now() - interval '1 hour' END"
    copies.make(EndpointHealth, rows["health"].pk, size * ENDPOINTS, salt, subscription_id=of(Subscription, 1),
                failing_since=failing, last_failure_at=failing)  # fmt: skip
    copies.make(EndpointIssue, rows["issue"].pk, size // FAILING, salt,
                company_id=f"{base[Company]} + 1 + (n - 1) * {FAILING}",
                subscription_id=f"{base[Subscription]} + 1 + (n - 1) * {FAILING * ENDPOINTS}")  # fmt: skip
    copies.make(AlertDestination, rows["alerts"].pk, size, salt, company_id=of(Company, 1),
                resource_id=resource_id("ALD"))  # fmt: skip
    copies.make(FeedConsumer, rows["consumer"].pk, size, salt, company_id=of(Company, 1))
    copies.make(Manifest, rows["manifest"].pk, size, salt, company_id=of(Company, 1),
                subscription_id=f"{base[Subscription]} + 1 + (n - 1) * {ENDPOINTS}")  # fmt: skip
    base[Subscription] += size * ENDPOINTS
    copies.make(Subscription, rows["removed"].pk, size * ENDPOINTS // 2, "removed-", id=f"{base[Subscription]} + n",
                company_id=f"{base[Company]} + 1 + n %% {size}", resource_id=resource_id("SUB"),
                name="'Old ' || n")  # fmt: skip
    base[Subscription] -= size * ENDPOINTS
    people, calls, events = (size * EACH[name] for name in ("person", "call", "event"))
    copies.make(Person, rows["call"].person_id, people, salt, id=f"{base[Person]} + n",
                company_id=of(Company, EACH["person"]), phone="'+1' || 3000000000 + n", email="''",
                name="'Person ' || n", resource_id=resource_id("PER"), created_at=_AT)  # fmt: skip
    copies.make(Call, rows["call"].pk, calls, salt, company_id=of(Company, EACH["call"]), person_id=of(Person, 1),
                tracker_id=f"{base[Tracker]} + 1 + (n - 1) / {EACH['call']} * {EACH['tracker']}",
                resource_id=resource_id("CAL"), external_id="''", customer_name="'Person ' || n",
                customer_phone_number="'+1' || 3000000000 + n", start_time=_AT, created_at=_AT)  # fmt: skip
    copies.make(Thread, rows["text"].thread_id, size, salt, id=f"{base[Thread]} + n", company_id=of(Company, 1),
                person_id=f"{base[Person]} + n * {EACH['person']}", resource_id=resource_id("SMT"),
                tracker_id=f"{base[Tracker]} + n * {EACH['tracker']}",
                conversation_id="lpad(n::text, 5, 'a')")  # fmt: skip
    copies.make(TextMessage, rows["text"].pk, size, salt, company_id=of(Company, 1), thread_id=f"{base[Thread]} + n",
                tracker_id=f"{base[Tracker]} + n * {EACH['tracker']}", resource_id=resource_id("SCI"),
                external_id="''", sent_at=_AT)  # fmt: skip
    copies.make(FormSubmission, rows["form"].pk, size, salt, company_id=of(Company, 1), resource_id=resource_id("FRM"),
                person_id=f"{base[Person]} + n * {EACH['person']}", external_id="''", submitted_at=_AT)  # fmt: skip
    # The companies take turns in the log.
    turn = f"{base[Company]} + 1 + n %% {size}"
    hook = f"{base[Subscription]} + 1 + n %% {size} * {ENDPOINTS}"
    copies.make(Event, rows["delivery"].event_id, events, salt, id=_UUID7, company_id=turn, created_at=_AT,
                subject_id=f"'CAL' || md5(%(salt)s || 'CAL' || (1 + n %% {size} * {EACH['call']})::text)",
                sequence="1 + n", fan_out=str(DELIVERIES),
                type="(ARRAY['post_call', 'pre_call', 'call_modified', 'form_submission'])[1 + n %% 4]")  # fmt: skip
    for number in range(DELIVERIES):
        key = f"{base[Delivery]} + n * {DELIVERIES} + {number}"
        copies.make(Delivery, rows["delivery"].pk, events, salt, id=key, event_id=_UUID7, company_id=turn,
                    subscription_id=f"{hook} + {number}", created_at=_AT, state=_STATE, attempts="1", claim="NULL",
                    status_code="CASE WHEN n %% 100 < 96 THEN 200 ELSE 503 END", finished_at=_AT, reason="''",
                    due_at="CASE WHEN n %% 200 = 199 THEN now() + interval '1 hour' END", stage="0")  # fmt: skip
        copies.make(Attempt, rows["attempt"].pk, events, salt, delivery_id=key, number="1", started_at=_AT)
    with connection.cursor() as cursor:
        cursor.execute(_HOURS, {"now": now, "days": DAYS, "hours": list(BUSY_HOURS)})
    renumber(Company, Tracker, Person, Subscription, User, Delivery, Thread)
    return base[Company]
