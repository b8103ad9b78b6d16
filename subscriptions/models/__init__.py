"""The tables of companies, subscriptions, events and deliveries. Imports no producer app."""

from .access import ApiKey, Membership
from .alerts import AlertDestination, EndpointNews, GivenUpDelivery
from .audit_entry import AuditEntry
from .company import Company
from .counted import CountedValue
from .database_identity import DatabaseIdentity
from .delivery import Attempt, Delivery
from .drains import DrainSlot
from .endpoint import EndpointHealth, EndpointQueue
from .endpoint_issue import EndpointIssue
from .event import Event, EventBody, EventStream, ShapedBody
from .feed import FeedConsumer, FeedStart, FeedState
from .idempotency import IdempotentAnswer
from .invitation import Invitation
from .mail import MailRequest
from .manifest import Manifest, ManifestPage, ManifestProgress
from .outage import ServiceOutage
from .rate import ApiKeyRate
from .resend_job import ResendJob
from .retention import RetentionPlace
from .statistics import CompanyStatistics, HourlyStatistics, ServiceStatistics, StatisticsProgress
from .subject import EventSubject
from .subscription import Encoding, RetryPolicy, Subscription

__all__ = [
    "AlertDestination",
    "ApiKey",
    "ApiKeyRate",
    "Attempt",
    "AuditEntry",
    "Company",
    "CompanyStatistics",
    "CountedValue",
    "DatabaseIdentity",
    "Delivery",
    "DrainSlot",
    "Encoding",
    "EndpointHealth",
    "EndpointIssue",
    "EndpointNews",
    "EndpointQueue",
    "Event",
    "EventBody",
    "EventStream",
    "EventSubject",
    "FeedConsumer",
    "FeedStart",
    "FeedState",
    "GivenUpDelivery",
    "HourlyStatistics",
    "IdempotentAnswer",
    "Invitation",
    "MailRequest",
    "Manifest",
    "ManifestPage",
    "ManifestProgress",
    "Membership",
    "ResendJob",
    "RetentionPlace",
    "RetryPolicy",
    "ServiceOutage",
    "ServiceStatistics",
    "ShapedBody",
    "StatisticsProgress",
    "Subscription",
]
