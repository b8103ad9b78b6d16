"""Which calls a request asks for. Spam is not there.

The index `call_listed` answers what the columns in it can say, however many calls there are. What it cannot (a search,
tags, first calls, another order) is read row by row (`bounds`).
"""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Lower

from calls.models import Call, Person, Tag, Tracker
from calls.phones import normalise_if_number
from calls.selectors import SAME_MOMENT, of_same_person
from subscriptions.models import Company

from . import ids
from .bounds import bounded
from .dates import Range
from .params import Params

_MISSED = Q(answered_at=None, voicemail=False)
_ANSWERED = Q(answered_at__isnull=False, voicemail=False)
_VOICEMAIL = Q(voicemail=True)
_ALL = Q()
CALL_TYPES = {
    "first_call": None,
    "missed": Q(direction="inbound") & _MISSED,
    "voicemails": _VOICEMAIL,
    "inbound": Q(direction="inbound"),
    "outbound": Q(direction="outbound"),
}
ANSWER_STATUSES = {"answered": _ANSWERED, "missed": _MISSED, "voicemail": _VOICEMAIL, "all": _ALL}
DIRECTIONS = {"inbound": Q(direction="inbound"), "outbound": Q(direction="outbound"), "all": _ALL}
DEVICES = {"desktop": "desktop", "mobile": "mobile", "all": ""}
# The same of what is counted (`CallDay`, `CallMonth`).
_TOTAL_MISSED = Q(answered=False, voicemail=False)
OF_DAYS: dict[str, dict[str, Q]] = {
    "call_type": {
        "missed": Q(direction="inbound") & _TOTAL_MISSED,
        "voicemails": _VOICEMAIL,
        "inbound": Q(direction="inbound"),
        "outbound": Q(direction="outbound"),
    },
    "answer_status": {
        "answered": Q(answered=True, voicemail=False),
        "missed": _TOTAL_MISSED,
        "voicemail": _VOICEMAIL,
        "all": _ALL,
    },
    "direction": DIRECTIONS,
    "device": {"desktop": Q(device="desktop"), "mobile": Q(device="mobile"), "all": _ALL},
    "lead_status": {
        "good_lead": Q(lead_status="good_lead"),
        "not_a_lead": Q(lead_status="not_a_lead"),
        "not_scored": Q(lead_status=""),
    },
}
# What those cannot tell.
_OTHERS = ("search", "min_duration", "max_duration", "agent", "tags")
LEAD_STATUSES = {
    "good_lead": Q(lead_status="good_lead"),
    "not_a_lead": Q(lead_status="not_a_lead"),
    "not_scored": ~Q(lead_status__in=("good_lead", "not_a_lead")),
}


class CallQuery:
    """The calls of a company in a range of time that the request's filters leave; `in_index` says whether all of the
    filters can be answered from the index."""

    def __init__(self, company: Company, params: Params, range_: Range) -> None:
        self.company, self.params, self.range = company, params, range_
        self.in_index = True
        # The filters as conditions on what is counted, `CallDay`, `CallDayBySource` and `CallMonth`; None where that
        # cannot tell.
        self.in_days: Q | None = Q()
        self.in_sources: Q | None = Q()
        self.in_months: Q | None = Q()
        self.in_range = range_.on(Call.objects.filter(company=company, spam=False).order_by(), "start_time")

    def rows(self) -> QuerySet[Call]:
        params, rows = self.params, self.in_range
        self._note_totals()
        kind = params.text("call_type")
        if kind == "first_call" or params.flag("first_time_callers"):
            self.in_index = False
            rows = rows.filter(first_calls())
        if kind and kind != "first_call":
            rows = rows.filter(params.choice("call_type", CALL_TYPES) or Q())
        for name, known in (
            ("answer_status", ANSWER_STATUSES), ("direction", DIRECTIONS), ("lead_status", LEAD_STATUSES)
        ):  # fmt: skip
            condition = params.choice(name, known)
            rows = rows.filter(condition) if condition is not None else rows
        device = params.choice("device", DEVICES)
        if device:
            rows = rows.filter(device_type__in=(device, device.title()))
        return self._of_tags(self._of_trackers(rows))

    def _note_totals(self) -> None:
        params = self.params
        if any(params.many(name) for name in _OTHERS) or params.flag("first_time_callers"):
            self.ask_calls()
            return
        for name, known in OF_DAYS.items():
            value = params.text(name)
            condition = known.get(value) if value else _ALL
            if condition is None:
                self.in_days = self.in_months = None
            elif self.in_days is not None:
                self.in_days &= condition
                self.in_months = self.in_days
            if condition != _ALL:
                self.in_sources = None

    def ask_calls(self) -> None:
        """Nothing that is counted can tell."""
        self.in_days = self.in_sources = self.in_months = None

    def searched(self, rows: QuerySet[Call], *, only_source: bool = False) -> QuerySet[Call]:
        term = self.params.text("search")
        if not term:
            return rows
        self.in_index = False
        if only_source:
            return rows.filter(_of_source(term))
        found = Q(customer_name__icontains=term) | Q(note__icontains=term) | _of_source(term)
        number = normalise_if_number(term, region=self.company.region)
        digits = re.sub(r"\D", "", term)
        if number:
            found |= Q(customer_phone_number=number) | Q(business_phone_number=number)
            found |= Q(tracker__phone_number=number)
        elif len(digits) >= 3:
            found |= Q(customer_phone_number__contains=digits) | Q(business_phone_number__contains=digits)
            found |= Q(tracker__phone_number__contains=digits)
        return rows.filter(found)

    def bounded(self, what: str, rows: QuerySet[Call]) -> QuerySet[Call]:
        return bounded(self.in_range, rows, what, "calls")

    def _of_trackers(self, rows: QuerySet[Call]) -> QuerySet[Call]:
        given = self.params.many("tracker_id") + self.params.many("tracker_ids")
        if not given:
            return rows
        of_trackers = Q(tracker__in=tracker_keys(self.company, given))
        self.in_days = None
        if self.in_sources is not None:
            self.in_sources &= of_trackers
        if self.in_months is not None:
            self.in_months &= of_trackers
        return rows.filter(of_trackers)

    def _of_tags(self, rows: QuerySet[Call]) -> QuerySet[Call]:
        names = self.params.many("tags")
        if not names:
            return rows
        self.in_index = False
        tags = list(tags_of(self.company, names).values_list("pk", flat=True))
        return rows.filter(Exists(Call.tags.through.objects.filter(call=OuterRef("pk"), tag__in=tags)))


def _of_source(term: str) -> Q:
    """A call's source is its own or that of its tracking number; `google_paid` is shown as Google Paid."""
    found = Q(pk__in=())
    for text in {term, "_".join(term.split())}:
        found |= Q(source__icontains=text) | Q(source="", tracker__source__icontains=text)
    return found


def tags_of(company: Company, names: list[str]) -> QuerySet[Tag]:
    lower = [Lower(Value(name)) for name in names]
    return Tag.objects.annotate(lower=Lower("name")).filter(company=company, lower__in=lower)


def tracker_keys(company: Company, given: list[str]) -> list[int]:
    """The company's trackers of these ids; those that it does not have find nothing."""
    wanted = Q(pk__in=())
    for text in given:
        wanted |= ids.row_query(text, "TRK") or Q(pk__in=())
    return list(Tracker.objects.filter(wanted, company=company).values_list("pk", flat=True))


def has_earlier_call(**of_kind: str) -> Q:
    """Whether the person of a call had another one before, as the webhooks count them."""
    return Q(_by_same_number(**of_kind)) | _by_other_number(**of_kind)


def first_calls() -> Q:
    """Calls whose person had none before. Two conditions, not one that holds both: only so does the planner join the
    first."""
    return ~Q(_by_same_number()) & ~_by_other_number()


def _by_same_number(**of_kind: str) -> Exists:
    return Exists(Call.objects.filter(_earlier(), person=OuterRef("person"), **of_kind))


def _by_other_number(**of_kind: str) -> Q:
    """Few people have several numbers, and to look for these takes longer than the rest: it is done for those people
    only."""
    has_several = Q(person__merged_into__isnull=False) | Exists(
        Person.objects.filter(merged_into=OuterRef("person"), merged_into__isnull=False)  # as the index says it
    )
    return has_several & Exists(Call.objects.filter(_earlier(), of_same_person(), **of_kind))


def _earlier() -> Q:
    """For a subquery: before the call of the outer query."""
    start: Any = OuterRef("start_time")
    return Q(start_time__lt=start - Value(SAME_MOMENT)) | Q(
        start_time__lte=start + Value(SAME_MOMENT), pk__lt=OuterRef("pk")
    )
