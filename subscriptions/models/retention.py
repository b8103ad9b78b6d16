from __future__ import annotations

from django.db import models


class RetentionPlace(models.Model):
    """How far the retention of a table has come (`log_retention.py`). Losing it costs one walk from the beginning."""

    table = models.CharField(max_length=20, primary_key=True)
    reached = models.CharField(max_length=40)  # the last id that was looked at
    began_at = models.DateTimeField()  # this walk, at the table's beginning
    done = models.BooleanField()  # it has been at rows that are too young; from there it goes on as they grow old

    def __str__(self) -> str:
        return f"{self.table} up to {self.reached}"
