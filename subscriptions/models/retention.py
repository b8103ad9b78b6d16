from __future__ import annotations

from django.db import models


class RetentionPlace(models.Model):
    """How far retention has read a table (`maintenance/delivery_retention.py`). Losing it costs one full pass."""

    table = models.CharField(max_length=20, primary_key=True)
    reached = models.CharField(max_length=40)  # the last id that was read
    began_at = models.DateTimeField()  # when this pass began
    done = models.BooleanField()  # this pass has reached rows that are too young; the next runs continue from there

    def __str__(self) -> str:
        return f"{self.table} up to {self.reached}"
