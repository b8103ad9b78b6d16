"""The ground floor's tables: tenants, subscriptions, events, deliveries. Imports no producer app."""

from .access import ApiKey, Membership
from .company import Company
from .delivery import Attempt, Delivery
from .drains import DrainSlot
from .event import Event, EventStream
from .subject import EventSubject
from .subscription import Subscription

__all__ = [
    "ApiKey",
    "Attempt",
    "Company",
    "Delivery",
    "DrainSlot",
    "Event",
    "EventStream",
    "EventSubject",
    "Membership",
    "Subscription",
]
