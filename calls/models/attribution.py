from __future__ import annotations

from django.db import models


class Attribution(models.Model):
    """Where a customer came from, as far as it is known."""

    source = models.CharField(max_length=200, blank=True)
    medium = models.CharField(max_length=200, blank=True)
    campaign = models.CharField(max_length=500, blank=True)
    keywords = models.CharField(max_length=500, blank=True)
    referrer = models.CharField(max_length=2048, blank=True)
    referring_url = models.CharField("referring URL", max_length=2048, blank=True)
    landing_page_url = models.CharField("landing page", max_length=2048, blank=True)
    utm_source = models.CharField(max_length=500, blank=True)
    utm_medium = models.CharField(max_length=500, blank=True)
    utm_campaign = models.CharField(max_length=500, blank=True)

    class Meta:
        abstract = True
