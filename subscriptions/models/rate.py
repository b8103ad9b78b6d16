from __future__ import annotations

from django.db import models

from .access import ApiKey


class ApiKeyRate(models.Model):
    """How much of its rate limit an API key has used; written with every request (`api/kit/throttling.py`).

    The table is unlogged: requests cause no disk writes, and a crash of the database server resets the limits."""

    api_key = models.OneToOneField(ApiKey, models.CASCADE, primary_key=True, related_name="rate")
    # The time up to which the requests so far have used up the rate.
    used_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"Rate of {self.api_key_id}"
