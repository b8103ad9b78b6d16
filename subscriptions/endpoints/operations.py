"""Operations on subscriptions and deliveries. Both the admin and the API call these functions."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from ..delivery import forwarding, outbox, wakeup
from ..delivery.forwarding import Mode
from ..lib.errors import ActionRefused
from ..models import Delivery, EndpointHealth, Subscription
from ..models.subscription import ROTATION_OVERLAP, new_secret

LONGEST_OVERLAP = timedelta(days=7)
RESUMING = "Being resumed: what was waiting is dropped first."
RESENDABLE = (Delivery.State.DELIVERED, Delivery.State.FAILED, Delivery.State.HELD, Delivery.State.CANCELLED)


def resend(deliveries: QuerySet[Delivery]) -> int:
    """Send deliveries again that are not pending: with the same body and webhook-id, and a new round of the retry
    schedule. Skips those of inactive subscriptions and erased events. Returns how many will be sent."""
    with transaction.atomic():
        count = _in_order(
            deliveries.filter(
                state__in=RESENDABLE, subscription__state=Subscription.State.ACTIVE, event__erased_at=None
            )
        ).update(
            state=Delivery.State.PENDING,
            stage=Delivery.Stage.AVAILABLE,
            due_at=Now(),
            finished_at=None,
            round_began_after=F("attempts"),
            lane=Delivery.Lane.LATE,
            forwarded=False,
            reason="Sent again on request.",
        )
        if count:
            wakeup.after_commit()
    return count


def send_now(deliveries: QuerySet[Delivery]) -> int:
    """Send pending deliveries of active subscriptions now instead of at their next attempt. The attempt does not count
    towards the ten. If the endpoint's breaker is open, one delivery is tried, and the others follow when it arrives.
    Returns how many there were, without those that are being sent right now."""
    with transaction.atomic():
        count = outbox.send_now(list(deliveries.values_list("pk", flat=True)))
        if count:
            wakeup.after_commit()
    return count


def send_waiting(subscription: Subscription) -> int:
    """The same for all pending deliveries of a subscription: a few at first, then more and more while they arrive.
    Returns how many are pending."""
    if subscription.state != Subscription.State.ACTIVE:
        raise ActionRefused(why_not_sent(subscription))
    with transaction.atomic():
        count = outbox.waiting(subscription.pk)
        if not count:
            raise ActionRefused("Nothing waits for this subscription.")
        # None before its first answer.
        EndpointHealth.objects.get_or_create(subscription=subscription, defaults={"window_began": Now()})
        outbox.try_at_once([subscription.pk])
        forwarding.begin([subscription.pk], Mode.ASKED, now=_database_time())
        wakeup.after_commit()
    return count


def why_not_sent(subscription: Subscription) -> str:
    """Why nothing can be sent to an inactive subscription, and what to do about it."""
    if subscription.state == Subscription.State.ARCHIVED:
        return (
            "The subscription was removed, so nothing can be sent to it. Add a new subscription with its URL: it gets "
            "events from then on. What this one has in its log can be copied from there, each with its body."
        )
    return f"The subscription is {subscription.state}, so nothing is sent to it. Resume it first."


def _database_time() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        return float(cursor.fetchone()[0])


def cancel(deliveries: QuerySet[Delivery]) -> int:
    """Cancel deliveries that are pending or held. Does not stop those that are being sent right now."""
    waiting = deliveries.filter(state__in=(Delivery.State.PENDING, Delivery.State.HELD), claim__isnull=True)
    with transaction.atomic():
        ordered = list(waiting.filter(subscription__ordered=True).values_list("pk", flat=True))
        count = _in_order(waiting).update(
            state=Delivery.State.CANCELLED,
            stage=Delivery.Stage.SCHEDULED,
            due_at=None,
            finished_at=Now(),
            reason="Cancelled on request.",
        )
        if ordered:  # what waits behind them need not wait any longer
            outbox.follow(ordered)
            wakeup.after_commit()
    return count


def _in_order(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """The same rows, locked in the order of their ids when they are updated, so that concurrent updates cannot
    deadlock. Rows that another transaction changed meanwhile, so that they no longer match, are left out."""
    return Delivery.objects.filter(  # the subquery's order stays, because it locks
        pk__in=deliveries.order_by("pk").select_for_update(of=("self",), no_key=True).values("pk")
    )


def pause(subscription: Subscription) -> None:
    """Send nothing more. Waiting deliveries, and those of new events, are held."""
    with transaction.atomic():
        _change_state(subscription, Subscription.State.PAUSED, "Paused by a person.")
        outbox.hold([subscription.pk])


def resume(subscription: Subscription, *, send_held: bool) -> int:
    """Start sending again. Held deliveries are sent, or cancelled if `send_held` is false. Returns how many there were;
    the first ones are released at once, the others in the background. Cancelled ones must not be sent: while some are
    still pending, as right after a pause, the subscription becomes active only when all are held (`go_on_resuming`)."""
    if subscription.state == Subscription.State.ARCHIVED:
        raise ActionRefused("This subscription was removed. Make a new one.")
    dropping = not send_held and subscription.state != Subscription.State.ACTIVE
    with transaction.atomic():
        count = Delivery.objects.filter(subscription=subscription, state=Delivery.State.HELD).count()
        if dropping:
            count += outbox.waiting(subscription.pk)
            outbox.hold([subscription.pk])
        Subscription.with_alerts.filter(pk=subscription.pk).update(
            releasing=True, drop_held_before=None if send_held else Now()
        )
        if dropping and outbox.waiting(subscription.pk):
            Subscription.with_alerts.filter(pk=subscription.pk).update(resuming=True, state_reason=RESUMING)
            subscription.refresh_from_db(fields=["resuming", "state_reason"])
        else:
            _activate(subscription)
        return count


def go_on_resuming() -> None:
    """For resumed subscriptions that are not active yet: hold another batch of pending deliveries, and activate those
    that have none left. Part of the drains' housekeeping."""
    for pk in Subscription.with_alerts.filter(resuming=True, releasing=True).values_list("pk", flat=True):
        with transaction.atomic():
            mine = Subscription.with_alerts.select_for_update(skip_locked=True, no_key=True).filter(
                pk=pk, resuming=True
            )
            subscription = mine.first()
            if subscription is not None:
                outbox.hold([pk])
                if not outbox.waiting(pk):
                    _activate(subscription)


def _activate(subscription: Subscription) -> None:
    _change_state(subscription, Subscription.State.ACTIVE, "")
    EndpointHealth.objects.forget(subscription.pk)
    _, to_send = outbox.release([subscription.pk])
    if to_send:
        wakeup.after_commit([subscription.company_id])


def archive(subscription: Subscription) -> None:
    """Remove a subscription: it gets no more events, and its waiting deliveries are cancelled. The log stays."""
    with transaction.atomic():
        _change_state(subscription, Subscription.State.ARCHIVED, "Removed.")
        outbox.hold([subscription.pk])


def rotate_secret(subscription: Subscription, *, overlap: timedelta = ROTATION_OVERLAP) -> None:
    """Create a new secret. Until the overlap ends, the old one signs too, so that the receiver can be updated."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise ActionRefused("The old secret can stay valid for at most 7 days.")
    with transaction.atomic():
        current = Subscription.with_alerts.select_for_update().get(pk=subscription.pk)
        current.previous_secret = current.secret if overlap else ""
        current.previous_secret_until = timezone.now() + overlap if overlap else None
        current.secret = new_secret()
        current.save(update_fields=["secret", "previous_secret", "previous_secret_until", "updated_at"])
    subscription.refresh_from_db()


def _change_state(subscription: Subscription, state: Subscription.State, reason: str) -> None:
    Subscription.with_alerts.filter(pk=subscription.pk).update(
        state=state, state_reason=reason, state_changed_at=Now(), resuming=False
    )
    subscription.refresh_from_db(fields=["state", "state_reason", "state_changed_at", "resuming"])
