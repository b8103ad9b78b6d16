"""The setup checklist of a company, shown until its first webhook is delivered. Other apps add steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...models import ApiKey, EndpointHealth, Subscription


@dataclass(frozen=True)
class Step:
    """`page`: the name of the admin URL. `done`: whether any of these companies has done it. `has_choices`: there are
    several ways, which apps register as `Choice`."""

    order: int
    label: str
    help: str
    page: str
    done: Callable[[Sequence[int]], bool]
    button: str
    has_choices: bool = False


@dataclass(frozen=True)
class Choice:
    """A way to connect a source. `icon`: in templates/icons. `page`: the name of the admin URL."""

    order: int
    icon: str
    label: str
    help: str
    page: str


CompanyCheck = Callable[[Sequence[int]], bool]

_steps: list[Step] = []
_source_checks: list[CompanyCheck] = []
_choices: list[Choice] = []


def register(step: Step) -> None:
    _steps.append(step)
    _steps.sort(key=lambda one: one.order)


def register_source_check(check: CompanyCheck) -> None:
    """Add a check for another source of calls, texts or forms than an API key."""
    _source_checks.append(check)


def register_choice(choice: Choice) -> None:
    _choices.append(choice)
    _choices.sort(key=lambda one: one.order)


def choices() -> list[Choice]:
    return list(_choices)


def steps() -> list[Step]:
    return list(_steps)


def is_finished(companies: Sequence[int]) -> bool:
    """Whether a webhook was ever delivered for one of these companies."""
    rows = EndpointHealth.objects.filter(subscription__company__in=companies, last_success_at__isnull=False)
    return rows.exists()


register_source_check(lambda companies: ApiKey.objects.filter(company__in=companies).exists())
register(
    Step(
        30,
        "Say where events go",
        "The address of your CRM, sheet or own program. Each can get different events.",
        "subscriptions_subscription_add",
        lambda companies: Subscription.objects.filter(company__in=companies).exclude(state="archived").exists(),
        "Add subscription",
    )
)
register(
    Step(
        10,
        "Connect where calls, texts and forms come from",
        "Callhooks listens; your phone system keeps working as it does now.",
        "subscriptions_apikey_add",
        lambda companies: any(one(companies) for one in _source_checks),
        "Create an API key",
        has_choices=True,
    )
)
register_choice(Choice(40, "terminal", "Your own program", "With an API key, over the API", "subscriptions_apikey_add"))
