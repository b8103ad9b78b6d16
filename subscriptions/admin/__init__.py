"""The admin's pages for companies, subscriptions and the logs. Importing this registers them."""

from . import access, audit_log, company, deliveries, events, members, resend_jobs, subscriptions

__all__ = [
    "access",
    "audit_log",
    "company",
    "deliveries",
    "events",
    "members",
    "resend_jobs",
    "subscriptions",
]
