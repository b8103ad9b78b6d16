"""The list of subscriptions: what it shows beside their columns, with one query for all rows of a page each."""

from __future__ import annotations

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from ..events import condition_words
from ..maintenance import statistics
from . import backlog
from .day_statistics import HOURS


class SubscriptionList(ChangeList):
    """Adds to each row the hours of the last day, as `day`, how much waits for it if it refuses, as `waiting`, and its
    filter as a sentence, as `filter`."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        found = statistics.read_for_subscriptions([row.pk for row in rows], hours=HOURS) if rows else {}
        conditions = [row.company.default_conditions if row.conditions is None else row.conditions for row in rows]
        names = condition_words.names_for({row.company_id for row in rows}, conditions)
        refusing = [row.pk for row in rows if (health := getattr(row, "health", None)) and health.failing_since]
        waiting = backlog.count_waiting(refusing) if refusing else {}
        for row, condition in zip(rows, conditions, strict=True):
            row.waiting = waiting.get(row.pk, 0)
            row.day = found.get(row.pk, {})
            row.filter = condition_words.sentence(condition, row.call_direction, names)
        self.result_list = rows
