"""Once a day, at the hour that was chosen, a destination hears how the day before went: out of the statistics, once,
and nothing when there is nothing to tell."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callhooks_site.reports.models import SourceDay
from subscriptions.endpoints import alert_mails, destinations, summary_times
from subscriptions.maintenance import daily_summary
from subscriptions.models import AlertDestination, Delivery, Event, EventBody, HourlyStatistics, Subscription
from tests.support.alerts import fails, make_destination
from tests.support.factories import make_call, make_company, make_subscription
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ZONE = "America/New_York"


@pytest.fixture
def crm() -> Subscription:
    return make_subscription(make_company(time_zone=ZONE))


def yesterday() -> datetime:
    """Its midnight in the company's zone."""
    today = timezone.now().astimezone(ZoneInfo(ZONE)).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=1)


def counted(subscription: Subscription, hour: datetime, delivered: int, failed: int = 0) -> None:
    HourlyStatistics.objects.create(
        company=subscription.company, subscription=subscription, hour=hour.astimezone(UTC), delivered=delivered,
        failed=failed, retried=failed, latency=[],
    )  # fmt: skip


def due(destination: AlertDestination) -> None:
    AlertDestination.objects.filter(pk=destination.pk).update(summary_due_at=timezone.now() - timedelta(seconds=1))


def body_of(event: Event) -> dict:
    return json.loads(bytes(event.body))


def test_it_tells_of_yesterday_and_of_what_fails(crm):
    due(make_destination(crm.company))
    other = make_subscription(crm.company, name="Billing")
    counted(crm, yesterday() + timedelta(hours=9), 990, 2)
    counted(crm, yesterday() + timedelta(hours=23), 10)
    counted(other, yesterday() + timedelta(hours=9), 7)
    counted(crm, yesterday() - timedelta(hours=1), 5000)
    counted(crm, yesterday() + timedelta(hours=24), 5000)
    counted(make_subscription(make_company("Another")), yesterday() + timedelta(hours=9), 5000)
    fails(crm)
    assert daily_summary.send_due() == 1
    event = Event.objects.get()
    body = body_of(event)
    assert (body["type"], body["day"]) == ("alert.daily_summary", yesterday().date().isoformat())
    assert (body["delivered"], body["failed"]) == (1007, 2)
    assert [(one["name"], one["delivered"]) for one in body["subscriptions"]] == [("CRM", 1000), ("Billing", 7)]
    assert "1,007 webhooks arrived, we stopped trying 2: 99.8 % arrived." in body["text"]
    assert "CRM: we stopped trying 2; failing since" in body["text"]
    assert Delivery.objects.get().state == "pending"


def test_it_tells_what_came_in(crm):
    due(make_destination(crm.company))
    counted(crm, yesterday() + timedelta(hours=9), 5)
    for kind, total in (("call", 41), ("call", 1), ("form", 1)):
        SourceDay.objects.create(
            company=crm.company, day=yesterday().date(), kind=kind, source="google", total=total, outbound=0,
            answered=total, voicemail=0, abandoned=0, first_time=0, good_leads=0, value=0, seconds_to_answer=0,
            hours=[0] * 24, answered_hours=[0] * 24,
        )  # fmt: skip
    daily_summary.send_due()
    assert "42 calls (42 answered) and 1 form came in." in body_of(Event.objects.get())["text"]


def test_a_day_with_nothing_to_tell_is_no_message(crm):
    destination = make_destination(crm.company)
    due(destination)
    assert daily_summary.send_due() == 1
    assert not Event.objects.exists()
    assert AlertDestination.objects.get().summary_of == yesterday().date()


def test_it_is_told_once_however_many_sweeps_there_are(crm):
    due(make_destination(crm.company))
    counted(crm, yesterday() + timedelta(hours=9), 5)

    at_once([daily_summary.send_due] * 4)
    assert Event.objects.count() == 1
    AlertDestination.objects.update(summary_due_at=timezone.now())  # as if somebody moved the hour
    assert daily_summary.send_due() == 1
    assert Event.objects.count() == 1


def test_only_those_who_want_it_and_only_of_their_subscriptions(crm):
    other = make_subscription(crm.company, name="Billing")
    counted(crm, yesterday() + timedelta(hours=9), 3)
    counted(other, yesterday() + timedelta(hours=9), 4)
    assert make_destination(crm.company, alerts=["failing"]).summary_due_at is None
    assert make_destination(crm.company, active=False).summary_due_at is None
    due(make_destination(crm.company, "slack", subscriptions=[other]))
    assert daily_summary.send_due() == 1
    assert body_of(Event.objects.get())["delivered"] == 4
    assert EventBody.objects.get().version == "slack"


def test_it_is_due_at_the_chosen_hour_of_the_company(crm):
    destination = make_destination(crm.company, summary_hour=7)
    for now, then in [
        (datetime(2026, 11, 30, 11, 59, tzinfo=UTC), datetime(2026, 11, 30, 12, tzinfo=UTC)),
        (datetime(2026, 11, 30, 12, 0, tzinfo=UTC), datetime(2026, 12, 1, 12, tzinfo=UTC)),
        (datetime(2026, 3, 8, 0, 0, tzinfo=UTC), datetime(2026, 3, 8, 11, tzinfo=UTC)),  # the clock is put forward
    ]:
        assert summary_times.next_due(destination, now) == then
    assert AlertDestination.objects.get().summary_due_at > timezone.now()


def test_it_reads_no_delivery_and_no_event(crm):
    due(make_destination(crm.company))
    make_call(crm.company)
    counted(crm, yesterday() + timedelta(hours=9), 5)
    with CaptureQueriesContext(connection) as queries:
        assert daily_summary.send_due() == 1
    read = [query["sql"] for query in queries if query["sql"].lstrip().upper().startswith("SELECT")]
    assert not [sql for sql in read if "subscriptions_delivery" in sql or "subscriptions_event " in sql]
    assert len(queries) < 30


def test_another_hour_is_used_from_then_on(crm):
    destination = make_destination(crm.company, summary_hour=7)
    destination.summary_hour = 20
    destinations.save_changed(destination, None)
    assert AlertDestination.objects.get().summary_due_at.astimezone(ZoneInfo(ZONE)).hour == 20


def test_one_that_was_off_when_it_was_due_has_the_next_one(crm):
    """However it was turned off and on: by its page, or by the link in its mails."""
    for turn in (destinations.turn, by_the_link):
        destination = make_destination(crm.company, "mail", email="owner@example.com")
        turn(destination, on=False)
        assert AlertDestination.objects.get(pk=destination.pk).summary_due_at is None
        turn(destination, on=True)
        assert AlertDestination.objects.get(pk=destination.pk).summary_due_at > timezone.now()


def by_the_link(destination: AlertDestination, *, on: bool) -> None:
    alert_mails.wish_mails(destination, wanted=on)


def test_it_is_never_100_percent_while_something_was_given_up():
    assert daily_summary.percent(999_999, 1) == "99.9 %"
    assert daily_summary.percent(1, 1) == "50 %"
