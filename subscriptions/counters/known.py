"""Every metric that processes count. What each means for an operator is in docs/monitoring.md; a test compares."""

from __future__ import annotations

from .memory import Counter, Histogram

# As the latency of the admin's statistics, in seconds: from a wake-up that works to the end of the retries.
_ANSWER = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 600, 3600)
# From a receiver on this machine to the longest time limit of a request.
_REQUEST = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30)
# A claim takes 2 ms; the steps above show one that waits for the lock.
_CLAIM = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
# A form takes 5 ms, a page 40; a reader of the feed waits for up to half a minute.
_HTTP = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# Milliseconds where the network is good; an hour is the most that may be allowed.
_LAG = (0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600)
# Most tasks take a second; a drain a minute, and django-q2 ends what takes two.
_TASK = (0.1, 0.5, 1, 5, 15, 30, 60, 90, 120)

EVENTS = Counter("callhooks_events_total", "Events that were published and committed.", ("type",))
ATTEMPTS = Counter(
    "callhooks_attempts_total",
    "Attempts by what became of the delivery, and by the answer: its class, or the code of the error.",
    ("outcome", "cause"),
)
DELIVERY_SECONDS = Histogram(
    "callhooks_delivery_seconds", "From an event to the answer that accepted it, without manual resends.", _ANSWER
)
ATTEMPT_SECONDS = Histogram("callhooks_attempt_seconds", "How long requests to receivers took.", _REQUEST)
CLAIM_SECONDS = Histogram(
    "callhooks_claim_seconds", "How long claims took, the wait for the claim lock included.", _CLAIM
)
CLAIMED = Counter("callhooks_claimed_total", "Deliveries that drains claimed.", from_start=((),))
HANDED_BACK = Counter("callhooks_handed_back_total", "Deliveries that drains gave back unsent.", from_start=((),))
LEASES_LOST = Counter(
    "callhooks_leases_lost_total",
    "Outcomes that were not recorded, because the lease had ended or the delivery was gone.",
    from_start=((),),
)
BREAKERS_OPENED = Counter("callhooks_breakers_opened_total", "Times that a breaker opened.", from_start=((),))
HOUSEKEEPING_SECONDS = Histogram("callhooks_housekeeping_seconds", "Rounds of the drains' housekeeping.", _HTTP)
HOUSEKEEPING_FAILURES = Counter(
    "callhooks_housekeeping_failures_total", "Rounds of housekeeping that failed.", from_start=((),)
)
TASKS = Counter(
    "callhooks_tasks_total",
    "Background tasks that ended.",
    ("task", "outcome"),
    from_start=(("sweep", "done"), ("sweep", "failed"), ("tidy", "done"), ("tidy", "failed")),
)
TASK_SECONDS = Histogram("callhooks_task_seconds", "How long background tasks took.", _TASK, ("task",))
REFUSED = Counter(
    "callhooks_refused_total",
    "Forms and provider callbacks that were refused, by the kind of refusal.",
    ("kind", "reason"),
)
MAILS = Counter("callhooks_mails_total", "Mails: sent, to be tried again, or dropped.", ("kind", "outcome"))
IMPORT_LINES = Counter("callhooks_import_lines_total", "Lines of imported files.", ("kind", "outcome"))
IMPORTS = Counter("callhooks_imports_total", "Imports that ended.", ("kind", "outcome"))
REPLICA_READS = Counter(
    "callhooks_replica_reads_total",
    "Reads of reports and files that the replica may answer, by where they went: replica, or why not.",
    ("outcome",),
)
REPLICA_LAG_SECONDS = Histogram(
    "callhooks_replica_lag_seconds", "How late the replica was, at looks before reads, one a second.", _LAG
)
DELETED = Counter("callhooks_retention_deleted_total", "Rows that retention deleted.", ("table",))
HTTP_REQUESTS = Counter(
    "callhooks_http_requests_total", "Requests to the web server, by route.", ("method", "route", "status")
)
HTTP_SECONDS = Histogram("callhooks_http_request_seconds", "How long requests took, by route.", _HTTP, ("route",))

COUNTERS = (
    EVENTS, ATTEMPTS, CLAIMED, HANDED_BACK, LEASES_LOST, BREAKERS_OPENED, HOUSEKEEPING_FAILURES, TASKS, REFUSED, MAILS,
    IMPORT_LINES, IMPORTS, DELETED, HTTP_REQUESTS, REPLICA_READS,
)  # fmt: skip
HISTOGRAMS = (
    DELIVERY_SECONDS, ATTEMPT_SECONDS, CLAIM_SECONDS, HOUSEKEEPING_SECONDS, TASK_SECONDS, HTTP_SECONDS,
    REPLICA_LAG_SECONDS,
)  # fmt: skip
