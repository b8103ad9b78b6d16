"""Reports, home and the activity of the company with a million calls, as its owner."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

from tests.bench.pages import Timed, Visitor
from tests.bench.vendor_data import VendorData


def walk(calls: VendorData, rounds: int) -> Iterator[Timed]:
    from django.contrib.auth.models import User

    from subscriptions.models import Membership

    owner = User.objects.create_user("calls@example.com", is_staff=True)
    Membership.objects.create(company=calls.company, user=owner, role="owner")
    visitor = Visitor("calls' owner", owner, rounds)
    yield from (visitor.time(path)[0] for path in paths(calls))


def paths(calls: VendorData) -> Iterator[str]:
    from django.utils import timezone

    from calls.models import Tracker

    today = timezone.localdate()
    year = {"since": f"{today - timedelta(days=365)}", "until": f"{today}"}
    source, number = {"source": "google_paid"}, {"number": Tracker.objects.filter(company=calls.company)[0].pk}
    yield "/admin/"
    yield "/admin/?span=30d"
    yield "/admin/activity/"
    for asked in ({}, {"period": "7"}, {"period": "30"}, {"period": "90"}, year):
        yield f"/admin/reports/?{urlencode(asked)}"
        yield f"/admin/reports/?{urlencode(asked | source)}"
        yield f"/admin/reports/?{urlencode(asked | number)}"
    yield "/admin/reports/export/?period=90"
