"""When a destination's daily summary is due: at its hour in the company's time zone."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from ..models import AlertDestination


def database_time() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
        return now  # type: ignore[no-any-return]


def next_due(destination: AlertDestination, now: datetime | None = None) -> datetime | None:
    """None for one that wants no summary, or is off."""
    if not destination.active or AlertDestination.Alert.SUMMARY not in destination.alerts:
        return None
    now = now or database_time()
    zone = ZoneInfo(destination.company.time_zone)
    today = now.astimezone(zone).date()
    due = datetime.combine(today, time(destination.summary_hour), zone)
    return due if due > now else datetime.combine(today + timedelta(days=1), time(destination.summary_hour), zone)
