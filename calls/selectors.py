"""Reading calls with the counts that webhooks tell."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from .models import Call

# Clocks of providers and machines differ: calls of a person that begin within this time of each other are ordered by
# arrival, others by their start.
SAME_MOMENT = timedelta(seconds=10)


def earlier_calls() -> QuerySet[Call]:
    """Calls of the same person before the outer one. The index `call_of_person` serves it."""
    start = OuterRef("start_time")
    return (
        Call.objects.filter(person_id=OuterRef("person_id"))
        .filter(
            Q(start_time__lt=start - Value(SAME_MOMENT))
            | Q(start_time__lte=start + Value(SAME_MOMENT), pk__lt=OuterRef("pk"))
        )
        .order_by()
    )


def for_webhooks() -> QuerySet[Call]:
    """Calls with everything that their webhooks need: `prior_calls`, `good_lead_call_id`, `good_lead_call_time`."""
    good_lead = earlier_calls().filter(lead_status=Call.LeadStatus.GOOD).order_by("start_time", "pk")
    prior = earlier_calls().values("person_id").annotate(number=Count("*")).values("number")
    return (
        Call.objects.select_related("company", "tracker", "person")
        .prefetch_related("tags")
        .annotate(
            prior_calls=Coalesce(Subquery(prior, output_field=IntegerField()), 0),
            good_lead_call_id=Subquery(good_lead.values("pk")[:1]),
            good_lead_call_time=Subquery(good_lead.values("start_time")[:1]),
            total_calls=F("prior_calls") + 1,
        )
    )
