"""What people have set up in the month's company, so that each list has something in it: a colleague, an invitation, an
API key, a web form, a program that reads the feed, saved views."""

from __future__ import annotations

from django.contrib.auth.models import User

from callhooks_site.activity.filters import Filters
from callhooks_site.activity.models import SavedView
from calls.models import Tag
from forms_intake.models import FormSource
from subscriptions.models import ApiKey, Company, FeedConsumer, Invitation, Membership
from subscriptions.tenancy import members

COLLEAGUE, COLLEAGUE_NAME, INVITED = "sam@example.com", ("Sam", "Okafor"), "pat@example.com"


def furnish(company: Company, owner: User) -> None:
    """What is there already stays. Nobody gets a mail."""
    first, last = COLLEAGUE_NAME
    colleague, is_new = User.objects.get_or_create(
        username=COLLEAGUE, defaults={"email": COLLEAGUE, "first_name": first, "last_name": last, "is_staff": True}
    )
    if is_new:
        colleague.set_unusable_password()
        colleague.save()
    Membership.objects.get_or_create(company=company, user=colleague, defaults={"role": Membership.Role.ADMIN})
    if not Invitation.objects.filter(company=company, email=INVITED).exists():
        members.invite(company=company, email=INVITED, role=Membership.Role.VIEWER, by=owner)
    if not ApiKey.objects.filter(company=company).exists():
        ApiKey.objects.issue(company=company, name="Phone system")
    FormSource.objects.get_or_create(
        company=company, name="Estimate form", defaults={"allowed_origins": "https://roofs.example.com"}
    )
    FeedConsumer.objects.get_or_create(company=company, name="warehouse")
    for name, filters in _views(company).items():
        SavedView.objects.get_or_create(company=company, owner=None, name=name, defaults={"query": filters.encoded()})


def _views(company: Company) -> dict[str, Filters]:
    storm = Tag.objects.filter(company=company, name="Storm damage").values_list("pk", flat=True).first()
    return {"Missed this week": Filters(outcome="missed", since="7d"), "Storm damage": Filters(tag=storm)}
