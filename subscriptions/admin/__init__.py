"""The admin's pages for companies, subscriptions and the logs. Importing this registers them."""

from . import access, company, deliveries, events, resend_jobs, subscriptions

__all__ = ["access", "company", "deliveries", "events", "resend_jobs", "subscriptions"]
