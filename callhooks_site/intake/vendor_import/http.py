"""How the import reaches the vendor: by the service's session for single requests."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from callhooks_site.version import NAME, VERSION
from subscriptions.delivery.http.failures import SendFailed
from subscriptions.delivery.http.session import GuardedSession

from .client import Answer, Get, NoAnswer, Refused

MOST_BYTES = 64 * 1024 * 1024  # a page of 250 calls with their transcripts
SECONDS = 120.0


def guarded_get() -> Get:
    session = GuardedSession(
        allowed_networks=settings.WEBHOOK_ALLOWED_NETWORKS,
        proxy=settings.WEBHOOK_PROXY,
        ca_bundle=settings.WEBHOOK_CA_BUNDLE,
        user_agent=f"{NAME}/{VERSION}",
        total_timeout=SECONDS,
        longest_body=MOST_BYTES,
    )

    def get(url: str, headers: Mapping[str, str]) -> Answer:
        try:
            reply = session.get(url, headers=dict(headers))
        except SendFailed as error:
            raise (Refused(400, str(error)) if error.is_refusal else NoAnswer(str(error))) from None
        names = {name.lower(): value for name, value in reply.headers.items()}
        return Answer(reply.status_code, names, reply.content)

    return get
