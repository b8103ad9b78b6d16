"""The admin pages of phone providers. Importing this registers them."""

from subscriptions.admin.kit import checklist

from ..models import IngestSource
from . import calls, refusals, sources

__all__ = ["calls", "refusals", "sources"]

checklist.register_choice(
    checklist.Choice(
        10, "phone", "Phone system", "Twilio or SignalWire, by their callbacks", "providers_ingestsource_add"
    )
)
checklist.register_source_check(lambda companies: IngestSource.objects.filter(company__in=companies).exists())
