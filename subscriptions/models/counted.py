from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class CountedValue(models.Model):
    """What all processes counted of one metric with one set of labels, since the table began (`counters/`).

    The table is unlogged: a crash of the database server sets all to 0, as monitoring expects of counters."""

    name = models.CharField(max_length=80)
    labels = ArrayField(models.CharField(max_length=100))  # values, in the order of `counters.known`
    # The total; of a histogram the sum, then the number in each bucket.
    values = ArrayField(models.FloatField())
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "labels"], name="counted_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.labels}"
