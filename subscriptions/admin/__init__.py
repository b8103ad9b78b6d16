"""The admin's pages for companies, subscriptions and the logs. Importing this registers them."""

from . import (
    alert_destinations,
    api_keys,
    audit_log,
    company,
    deliveries,
    events,
    feed_consumers,
    issues,
    members,
    menu_pages,
    resend_jobs,
    subscriptions,
)

__all__ = [
    "alert_destinations",
    "api_keys",
    "audit_log",
    "company",
    "deliveries",
    "events",
    "feed_consumers",
    "issues",
    "members",
    "menu_pages",
    "resend_jobs",
    "subscriptions",
]
