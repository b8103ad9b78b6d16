"""A company with a million calls of every kind, as API v3 lists and counts them, and 20,000 companies beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench import fixtures
from tests.bench.copies import Copies, highest, renumber, resource_id

if TYPE_CHECKING:
    from subscriptions.models import Company

TRACKERS = 20
# Of so many calls: one person, one text, one form; and one in so many calls has a tag.
PER_PERSON, PER_TEXT, PER_FORM, PER_TAG = 20, 10, 10, 5
DAYS = 700
MOST_OTHERS = 20_000
COUNTING_SECONDS = 3_600.0

_AT = f"(%(now)s::timestamptz - (%(total)s - n) * interval '{DAYS} days' / %(total)s)"
_PHONE = (
    "'+1' || (300 + (n - 1) %% %(people)s / 100)::text || '55501' || lpad(((n - 1) %% %(people)s %% 100)::text, 2, '0')"
)
_FIVE_LETTERS = " || ".join(f"chr(97 + n / {26**place} %% 26)" for place in range(5))
# 70 of 100 calls were answered, 5 have a voicemail; the others rang for a while.
_ANSWERED = f"CASE WHEN n %% 100 < 70 THEN {_AT} + interval '4 seconds' END"
_CALLS = {
    "start_time": _AT,
    "created_at": _AT,
    "routed_at": f"{_AT} + interval '2 seconds'",
    "answered_at": _ANSWERED,
    "ended_at": f"{_AT} + interval '1 second' * (10 + n * 79 %% 600)",
    "voicemail": "n %% 100 >= 95",
    "abandoned": "n %% 100 = 94",
    "spam": "n %% 997 = 0",
    "direction": "CASE WHEN n %% 6 = 0 THEN 'outbound' ELSE 'inbound' END",
    "lead_status": "CASE WHEN n %% 31 = 0 THEN 'good_lead' WHEN n %% 37 = 0 THEN 'not_a_lead' ELSE '' END",
    "device_type": "(ARRAY['', '', 'desktop', 'mobile', 'Mobile'])[1 + n * 31 %% 5]",
    "source": "(ARRAY['', '', 'google_paid', 'google_organic', 'bing_paid', 'radio', 'direct'])[1 + n * 17 %% 7]",
    "campaign": "'Campaign ' || n * 13 %% 40",
    "keywords": "'roof repair ' || n * 11 %% 200",
    "landing_page_url": "'https://www.example.com/' || n * 19 %% 300",
    "referring_url": "'https://search.example.com/' || n * 23 %% 30",
    "external_id": "''",
}


@dataclass(frozen=True, slots=True)
class VendorData:
    company: Company
    key: str
    trackers: list[str]  # resource ids
    person: str  # the resource id of one
    calls: int


def fill(size: int) -> VendorData:
    """`size`: calls of the company."""
    from django.db import connection
    from django.utils import timezone

    from callhooks_site.vendor_api import totals_upkeep
    from calls.models import Call, Person, Tag
    from forms_intake.models import FormSubmission
    from messaging.models import TextMessage, Thread
    from subscriptions.models import ApiKey

    company = fixtures.company("Bench Calls")
    trackers = [fixtures.tracker(company) for _ in range(TRACKERS)]
    call = fixtures.ended_call(company, trackers[0])
    call.customer_name = "Ann Example"
    call.save()
    text = TextMessage(company=company, tracker=trackers[0], direction="inbound",
                       customer_phone_number="+12145550123", content="Hello")  # fmt: skip
    text.save()
    form = FormSubmission(company=company, form_data={"name": "Ann Example", "email": "ann@example.com"})
    form.save()
    tags = Tag.objects.bulk_create([Tag(company=company, name=f"Tag {number}") for number in range(20)])
    people = max(1, size // PER_PERSON)
    base = {name: highest(model) for name, model in (("person", Person), ("thread", Thread))}
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # no look-up of each reference
    copies = Copies({"people": people, "now": timezone.now()})
    salt = "vendor-"
    copies.make(Person, call.person_id, people, salt,
                id=f"{base['person']} + n", phone=_PHONE, email="''", name="'Person ' || n",
                resource_id=resource_id("PER"), created_at=_AT)  # fmt: skip
    person = f"{base['person']} + 1 + (n - 1) %% %(people)s"
    copies.make(Call, call.pk, size, salt, resource_id=resource_id("CAL"), person_id=person,
                tracker_id=_one_of([one.pk for one in trackers]), customer_phone_number=_PHONE,
                customer_name="'Person ' || ((n - 1) %% %(people)s + 1)", **_CALLS)  # fmt: skip
    copies.make(Thread, text.thread_id, people, salt, id=f"{base['thread']} + n",
                person_id=f"{base['person']} + n", resource_id=resource_id("SMT"),
                conversation_id=_FIVE_LETTERS, last_message_at=_AT)  # fmt: skip
    copies.make(TextMessage, text.pk, size // PER_TEXT, salt, resource_id=resource_id("SCI"), external_id="''",
                thread_id=f"{base['thread']} + 1 + (n - 1) %% %(people)s", customer_phone_number=_PHONE,
                sent_at=_AT)  # fmt: skip
    copies.make(FormSubmission, form.pk, size // PER_FORM, salt, resource_id=resource_id("FRM"), person_id=person,
                external_id="''", submitted_at=_AT, created_at=_AT)  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO calls_call_tags (call_id, tag_id) SELECT id, (%s::bigint[])[1 + id %% %s] FROM calls_call"
            " WHERE company_id = %s AND id %% %s = 0",
            [[tag.pk for tag in tags], len(tags), company.pk, PER_TAG],
        )
        cursor.execute(
            "INSERT INTO vendor_api_calltotalstate (company_id, complete) VALUES (%s, false)"
            " ON CONFLICT (company_id) DO UPDATE SET complete = false, reached = NULL",
            [company.pk],
        )
    _others(min(MOST_OTHERS, size), company.pk, trackers[0].pk, call.pk)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")
    renumber(Person, Thread)
    totals_upkeep.keep_up(seconds=COUNTING_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    _, key = ApiKey.objects.issue(company=company, name="Bench", scopes=["read", "ingest", "manage"])
    some = Person.objects.filter(company=company).order_by("-pk")[people // 2]
    return VendorData(company, key, [one.resource_id for one in trackers], some.resource_id, size)


def _others(number: int, company: int, tracker: int, call: int) -> None:
    """Companies with a tracking number and a call each."""
    from django.utils import timezone

    from calls.models import Call, Tracker
    from subscriptions.models import Company

    first = {"company": highest(Company), "tracker": highest(Tracker)}
    copies = Copies({"people": number, "now": timezone.now()})
    copies.make(Company, company, number, "others-", id=f"{first['company']} + n", name="'Company ' || n",
                resource_id=resource_id("COM"))  # fmt: skip
    copies.make(Tracker, tracker, number, "others-", id=f"{first['tracker']} + n",
                company_id=f"{first['company']} + n", resource_id=resource_id("TRK"))  # fmt: skip
    copies.make(Call, call, number, "others-", company_id=f"{first['company']} + n", person_id="NULL",
                tracker_id=f"{first['tracker']} + n", resource_id=resource_id("CAL"), external_id="''",
                start_time=_AT)  # fmt: skip
    renumber(Company, Tracker)


def _one_of(ids: list[int]) -> str:
    return f"(ARRAY[{','.join(map(str, ids))}])[1 + n %% {len(ids)}]"
