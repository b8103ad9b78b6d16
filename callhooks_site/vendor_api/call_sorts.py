"""What calls are sorted by: a value for each call, as the field of that name shows it."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import Case, F, IntegerField, OuterRef, Q, Subquery, TextField, Value, When
from django.db.models.functions import Coalesce, Lower, NullIf, Replace

from calls.models import Call

from .call_queries import first_calls, has_earlier_call
from .call_sums import SECONDS
from .paging import Sort


def _flag(condition: Any) -> Case:
    return Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())


def _duration() -> Case:
    """Those without a duration, which are under way, come first."""
    is_known = Q(duration__isnull=False) | Q(ended_at__isnull=False)
    return Case(When(is_known, then=SECONDS + Value(1)), default=Value(0), output_field=IntegerField())


def _source() -> Lower:
    """The call's own, or that of its tracking number; `google_paid` is shown as Google Paid."""
    code = Coalesce(NullIf("source", Value("")), "tracker__source")
    return Lower(Replace(code, Value("_"), Value(" ")))


def _lead_status() -> Case:
    return Case(
        When(~Q(lead_status=""), then=F("lead_status")),
        When(has_earlier_call(lead_status=Call.LeadStatus.GOOD), then=Value(Call.LeadStatus.PREVIOUSLY.value)),
        default=Value(""),
    )


def _tags() -> Coalesce:
    """The names together, in their order."""
    tags: Any = Call.tags.through.objects.filter(call=OuterRef("pk")).order_by().values("call")
    names = tags.annotate(names=StringAgg("tag__name", Value(", "), order_by="tag__name")).values("names")
    return Coalesce(Subquery(names), Value(""), output_field=TextField())


SORTS = {
    "start_time": Sort("start_time", of_time=True),
    "customer_name": Sort("customer_name"),
    "customer_phone_number": Sort("customer_phone_number"),
    "duration": Sort("sort_duration", of_number=True, value=_duration()),
    "source": Sort("sort_source", value=_source()),
    "customer_city": Sort("customer_city"),
    "customer_country": Sort("customer_country"),
    "landing_page_url": Sort("landing_page_url"),
    "device_type": Sort("device_type"),
    "answered": Sort("sort_answered", of_number=True, value=_flag(Q(answered_at__isnull=False))),
    "first_call": Sort("sort_first_call", of_number=True, value=_flag(first_calls())),
    "source_name": Sort("tracker__name"),
    "lead_status": Sort("sort_lead_status", value=_lead_status()),
    "tags": Sort("sort_tags", value=_tags()),
}
