"""The first steps of a company, until its first webhook arrived. Apps above add theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...models import ApiKey, EndpointHealth, Subscription


@dataclass(frozen=True)
class Step:
    """`page` is the name of the admin page to go to; `done` looks for any row of these companies."""

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
    """Something else than a key that lets calls, texts or forms come in."""
    _source_checks.append(check)


def steps() -> list[Step]:
    return list(_steps)


def is_finished(companies: Sequence[int]) -> bool:
    """Whether a server of theirs ever took a webhook."""
    rows = EndpointHealth.objects.filter(subscription__company__in=companies, last_success_at__isnull=False)
    return rows.exists()


register_source_check(lambda companies: ApiKey.objects.filter(company__in=companies).exists())
register(
    Step(
        10,
        "Say where your webhooks go",
        "A subscription: a URL, and the events you want there. A test event is sent at once.",
        "subscriptions_subscription_add",
        lambda companies: Subscription.objects.filter(company__in=companies).exclude(state="archived").exists(),
    )
)
register(
    Step(
        30,
        "Let calls, texts and forms come in",
        "An API key for a program of yours, or a source such as Twilio or a web site.",
        "subscriptions_apikey_add",
        lambda companies: any(one(companies) for one in _source_checks),
    )
)
