from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import accumulate
from uuid import UUID

KEPT_OF_OTHERS = 1_024  # bytes of the answer to several events, and of its headers: what most answers have


def host_of(url: str) -> str:
    """The host of a URL, in lower case and without the port: an expression of a column."""
    return f"substring(lower({url}) FROM '^https?://([^/:?#\\[]+|\\[[^\\]]*\\])')"


def sent_body() -> str:
    """The body that a delivery d of an event e sends, before it is encoded."""
    return """CASE WHEN d.shaped THEN (SELECT b.body FROM subscriptions_shapedbody b
                          WHERE b.event_id = e.id AND b.subscription_id = d.subscription_id)
     WHEN d.payload_version = 'article' THEN e.body
     ELSE (SELECT b.body FROM subscriptions_eventbody b WHERE b.event_id = e.id AND b.version = d.payload_version)
     END"""


def sent_headers() -> str:
    """The headers that the shape of a delivery d of an event e brings, as JSON; empty for none."""
    return """CASE WHEN d.shaped THEN (SELECT b.headers::text FROM subscriptions_shapedbody b
                          WHERE b.event_id = e.id AND b.subscription_id = d.subscription_id) ELSE '' END"""


# What an UPDATE that claims deliveries d returns of them, for `claimed_columns`.
CLAIMED_ROW = (
    "d.id, d.subscription_id, d.company_id, d.event_id, d.attempts, d.round_began_after, "
    "d.encoding, d.batch, d.shaped, d.payload_version"
)
# Each of these deliveries d with its event e, its subscription s and its company c. Each row is asked for by itself: a
# join may be made of it that reads all deliveries for each event and subscription, when statistics say that there are
# none of either. For the same reason the UPDATE joins nothing that could be a way to its rows.
WITH_ITS_ROWS = " ".join(
    f"CROSS JOIN LATERAL (SELECT * FROM subscriptions_{table} WHERE id = d.{table}_id LIMIT 1) {alias}"
    for table, alias in (("event", "e"), ("subscription", "s"), ("company", "c"))
)


def claimed_columns(*, host: str, trust: str, ordered: str = "s.ordered") -> str:
    """The columns of `Claimed`, of a delivery d, its event e, its subscription s and its company c."""
    return f"""
d.id, d.subscription_id, d.company_id, coalesce({host}, ''), {ordered}, d.attempts, d.round_began_after,
e.id AS event_id, e.type, e.sequence,
{sent_body()},
{sent_headers()},
d.encoding, s.retry_policy, s.retry_refusals, s.send_traceparent,
CASE d.batch WHEN 0 THEN 0 ELSE coalesce(s.batch_events, 0) END,
s.url, s.secret,
CASE WHEN s.previous_secret_until > clock_timestamp() THEN s.previous_secret ELSE '' END,
c.signing_key, s.custom_headers, s.auth_user, s.auth_password, s.auth_token, s.client_certificate, s.auth_client,
s.secret_url,
{trust},
extract(epoch FROM clock_timestamp() - e.created_at)::float8, extract(epoch FROM clock_timestamp())::float8,
c.resource_id
"""


# Nobody changes them. They are not frozen because that makes each three times as dear, and there is one of each for
# every delivery.
@dataclass(slots=True)
class Claimed:
    """One delivery that is ours to send until its lease ends."""

    id: int
    endpoint: int  # the subscription's id
    company: int
    host: str  # of the URL, in lower case and without the port
    ordered: bool  # an event of the same call may wait behind it
    attempt: int
    round_began_after: int
    event_id: UUID
    event_type: str
    sequence: int
    body: bytes  # in the delivery's payload version and shape
    headers: str  # that the shape brings, as JSON; empty for none
    encoding: str  # as what it is sent: json or form
    retry_policy: str
    retry_refusals: bool  # whether an answer 4xx is tried again
    send_traceparent: bool
    batch: int  # how many events may go in its request; 0: it goes alone, in the usual form
    url: str
    secret: str = field(repr=False)  # still encrypted, as are the next eight
    previous_secret: str = field(repr=False)
    signing_key: str = field(repr=False)
    custom_headers: str = field(repr=False)
    auth_user: str = field(repr=False)
    auth_password: str = field(repr=False)
    auth_token: str = field(repr=False)
    client_certificate: str = field(repr=False)
    auth_client: str = field(repr=False)
    secret_url: str = field(repr=False)  # the whole URL, where `url` has only its beginning; empty otherwise
    trust: int  # in the endpoint, when it was claimed: 0 failing or stuck, 1 unknown, 2 answered well lately
    age: float  # of the event, in seconds
    database_time: float  # seconds since 1970 by the database's clock when the claim was made
    company_shown: str  # the company's id as people see it, for the log
    token: UUID
    once: bool = False  # it has this attempt only: a test event to a paused subscription
    together: Together | None = field(default=None, repr=False)  # all that go in the same request (`gathering.py`)

    @property
    def leads(self) -> bool:
        """Whether it stands for its request: those that only go with it take no place and are no answer."""
        return not self.together or self.together.lead == self.id

    def ids(self) -> dict[str, object]:
        """As the admin shows them, for a line of the log."""
        event = f"evt_{self.event_id.hex}"
        return {"delivery": self.id, "event": event, "company": self.company_shown, "attempt": self.attempt}

    def parts(self) -> list[Claimed]:
        """All deliveries of its request, in the order in which they are sent."""
        return self.together.parts if self.together else [self]


@dataclass(slots=True)
class Together:
    """The deliveries of one request, which was claimed as the one of `lead`, a delivery's id. `kind`, `lines`: how they
    are written (`delivery/batching.py`)."""

    id: UUID
    lead: int
    kind: int
    lines: bool
    parts: list[Claimed] = field(repr=False)


@dataclass(slots=True)
class Outcome:
    """What came of one attempt. `state` is delivered, failed, or pending: then `wait` seconds until the next.

    `free`: the attempt does not count in this round of the schedule. `gone`: the endpoint wants no more at all;
    `retry_after`: it wants nothing for so many seconds. `ours`: a failure of our own, which says nothing of it."""

    claimed: Claimed
    state: str
    wait: float
    reason: str
    started_at: float
    duration_ms: int
    request_headers: list[tuple[str, str]]
    status_code: int | None
    response_headers: list[tuple[str, str]]
    response_body: bytes
    truncated: bool
    error: str
    message: str
    free: bool = False
    gone: bool = False
    retry_after: float = 0.0
    ours: bool = False

    def of_each(self) -> list[Outcome]:
        """The same outcome for each delivery of the request. The answer is kept whole with the one that leads, and its
        beginning with the others: a long one would be stored a hundred times."""
        parts = self.claimed.parts()
        if len(parts) == 1:
            return [self]
        cut = len(self.response_body) > KEPT_OF_OTHERS
        short = replace(
            self,
            response_headers=self._first_headers(),
            response_body=self.response_body[:KEPT_OF_OTHERS],
            truncated=self.truncated or cut,
        )
        return [replace(self if part.leads else short, claimed=part) for part in parts]

    def _first_headers(self) -> list[tuple[str, str]]:
        sizes = accumulate(len(name) + len(value) for name, value in self.response_headers)
        return [header for header, size in zip(self.response_headers, sizes, strict=True) if size <= KEPT_OF_OTHERS]
