"""What summaries and time series of calls share: which calls they are about, and how their range is told."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils import timezone

from calls.models import Call

from .call_queries import CallQuery
from .dates import Range, range_of
from .ids import user_key
from .views import VendorView

MOST_GROUPS = 1_000


class Summing(VendorView):
    """What summaries and time series of calls share: the filters, and the range as it is told."""

    def query(self) -> tuple[CallQuery, QuerySet[Call]]:
        params = self.params
        self.check_company(params.text("company_id"))
        query = CallQuery(self.company, params, self.range())
        rows = query.searched(query.rows(), only_source=True)
        for name, way in (("min_duration", "gte"), ("max_duration", "lte")):
            seconds = params.whole(name)
            if seconds is not None:
                rows = rows.filter(**{f"duration__{way}": max(0, seconds)})
        if agent := params.text("agent"):
            rows = self._of_agent(rows, agent)
            query.in_index = False
        return query, rows

    def range(self) -> Range:
        return range_of(self.params, self.context.zone)

    def told_range(self, range_: Range, first: datetime | None) -> dict[str, Any]:
        """The bounds as times; a range without a beginning begins with its first row."""
        zone = ZoneInfo(self.context.zone)
        start = range_.start or first or self.company.created_at
        end = range_.end - timedelta(seconds=1) if range_.end else timezone.now()
        return {"start_date": offset_time(start, zone), "end_date": offset_time(end, zone), "time_zone": str(zone)}

    def first(self, rows: QuerySet[Any], column: str) -> datetime | None:
        """The time of the first row, where the range does not say it."""
        found: datetime | None = rows.order_by(column).values_list(column, flat=True).first()
        return found

    def _of_agent(self, rows: QuerySet[Call], agent: str) -> QuerySet[Call]:
        member = self.company.memberships.filter(user=user_key(agent) or 0).select_related("user").first()
        return rows.filter(agent_email__iexact=member.user.email) if member and member.user.email else rows.none()


def offset_time(moment: datetime, zone: ZoneInfo) -> str:
    """`2016-10-10T00:00:00-0500`; of UTC the offset is written -0000, as the vendor does."""
    text = moment.astimezone(zone).strftime("%Y-%m-%dT%H:%M:%S%z")
    return f"{text[:-5]}-0000" if text.endswith("+0000") else text
