from __future__ import annotations

from django.db import models


class SenderRate(models.Model):
    """How much of its rate limit an address that sends forms has used (`web/throttle`).

    The table is unlogged: a form costs no second write to the disk, and a crash of the server forgets the counts."""

    address = models.CharField(max_length=45, primary_key=True)  # the longest way to write an IPv6 address
    # The time until which its forms have used up the rate.
    used_until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"Rate of {self.address}"
