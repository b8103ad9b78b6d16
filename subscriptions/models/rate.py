from __future__ import annotations

from django.db import models

from .access import ApiKey


class ApiKeyRate(models.Model):
    """How far ahead of its allowed rate an API key is; written with every request (`api/throttling.py`).

    The table is unlogged: a request costs no write to the disk, and a crash of the server forgets the counts."""

    api_key = models.OneToOneField(ApiKey, models.CASCADE, primary_key=True, related_name="rate")
    # The moment up to which the requests so far have used up the rate.
    used_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"Rate of {self.api_key_id}"
