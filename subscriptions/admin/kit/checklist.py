"""The setup checklist of a company, shown until its first webhook is delivered. Other apps add steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...models import ApiKey, EndpointHealth, Subscription


@dataclass(frozen=True)
class Step:
    """`page`: the name of the admin URL. `done`: whether any of these companies has done it."""

    order: int
    label: str
    help: str
    page: str
    done: Callable[[Sequence[int]], bool]


CompanyCheck = Callable[[Sequence[int]], bool]

_steps: list[Step] = []
_source_checks: list[CompanyCheck] = []


def register(step: Step) -> None:
    _steps.append(step)
    _steps.sort(key=lambda one: one.order)


def register_source_check(check: CompanyCheck) -> None:
    """Add a check for another source of calls, texts or forms than an API key."""
    _source_checks.append(check)


def steps() -> list[Step]:
    return list(_steps)


def is_finished(companies: Sequence[int]) -> bool:
    """Whether a webhook was ever delivered for one of these companies."""
    rows = EndpointHealth.objects.filter(subscription__company__in=companies, last_success_at__isnull=False)
    return rows.exists()


register_source_check(lambda companies: ApiKey.objects.filter(company__in=companies).exists())
register(
    Step(
        10,
        "Add a subscription",
        "Enter your URL and choose events. We send a test event to it.",
        "subscriptions_subscription_add",
        lambda companies: Subscription.objects.filter(company__in=companies).exclude(state="archived").exists(),
    )
)
register(
    Step(
        30,
        "Connect a source of calls, texts and forms",
        "Create an API key for your own program, or connect Twilio or a website.",
        "subscriptions_apikey_add",
        lambda companies: any(one(companies) for one in _source_checks),
    )
)
