"""What people and programs do to subscriptions and deliveries: the admin and the API both come here."""

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
    """Send again what is not on its way already: the same body, the same webhook-id, a new round of the retry schedule.

    Returns how many were set on their way. Those of subscriptions that are not active are left alone."""
    with transaction.atomic():
        count = _in_order(
            deliveries.filter(state__in=RESENDABLE, subscription__state=Subscription.State.ACTIVE)
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
    """Send what waits for its next try or its turn, as far as its subscription is active. The attempt costs none of the
    ten, and ends the time for which a failing endpoint is left alone: one is tried, and when it arrives the others
    follow. Returns how many there were; what is being sent at this moment is not among them."""
    with transaction.atomic():
        count = outbox.send_now(list(deliveries.values_list("pk", flat=True)))
        if count:
            wakeup.after_commit()
    return count


def send_waiting(subscription: Subscription) -> int:
    """The same for all that waits for a subscription: a few at first, then ever more while they arrive. Returns how
    many wait."""
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
    """Why nothing can be sent to a subscription that is not active, and what to do."""
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
    """Stop what waits for its next attempt or is held. What is being sent at this moment is not stopped."""
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
    """The same, locked in the order of their ids when they are updated: two that want the same rows wait for each other
    in one direction only. What another changed meanwhile, so that it matches no more, is left out."""
    return Delivery.objects.filter(  # the subquery's order stays, because it locks
        pk__in=deliveries.order_by("pk").select_for_update(of=("self",), no_key=True).values("pk")
    )


def pause(subscription: Subscription) -> None:
    """Nothing more is sent; what happens meanwhile, and what was waiting, is held."""
    with transaction.atomic():
        _change_state(subscription, Subscription.State.PAUSED, "Paused by a person.")
        outbox.hold([subscription.pk])


def resume(subscription: Subscription, *, send_held: bool) -> int:
    """Send again. Held deliveries are sent, or cancelled when `send_held` is false. Returns how many there were; the
    first of them go at once, the rest follows in the background. What is dropped is never sent: while some of it still
    waits, as right after a pause, the subscription becomes active only when all of it is held (`go_on_resuming`)."""
    if subscription.state == Subscription.State.ARCHIVED:
        raise ActionRefused("This subscription was removed. Make a new one.")
    dropping = not send_held and subscription.state != Subscription.State.ACTIVE
    with transaction.atomic():
        count = Delivery.objects.filter(subscription=subscription, state=Delivery.State.HELD).count()
        if dropping:
            count += outbox.waiting(subscription.pk)
            outbox.hold([subscription.pk])
        Subscription.objects.filter(pk=subscription.pk).update(
            releasing=True, drop_held_before=None if send_held else Now()
        )
        if dropping and outbox.waiting(subscription.pk):
            Subscription.objects.filter(pk=subscription.pk).update(resuming=True, state_reason=RESUMING)
            subscription.refresh_from_db(fields=["resuming", "state_reason"])
        else:
            _activate(subscription)
        return count


def go_on_resuming() -> None:
    """Of resumed subscriptions that are not active yet, hold another batch of what waits; activate those that have
    nothing left. A chore of the drains."""
    for pk in Subscription.objects.filter(resuming=True, releasing=True).values_list("pk", flat=True):
        with transaction.atomic():
            mine = Subscription.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=pk, resuming=True)
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
    """Remove a subscription: it takes no more events and its waiting deliveries are cancelled. The log stays."""
    with transaction.atomic():
        _change_state(subscription, Subscription.State.ARCHIVED, "Removed.")
        outbox.hold([subscription.pk])


def rotate_secret(subscription: Subscription, *, overlap: timedelta = ROTATION_OVERLAP) -> None:
    """A new secret. The old one signs too until the overlap ends, so that a receiver can change at leisure."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise ActionRefused("The old secret can stay valid for at most 7 days.")
    with transaction.atomic():
        current = Subscription.objects.select_for_update().get(pk=subscription.pk)
        current.previous_secret = current.secret if overlap else ""
        current.previous_secret_until = timezone.now() + overlap if overlap else None
        current.secret = new_secret()
        current.save(update_fields=["secret", "previous_secret", "previous_secret_until", "updated_at"])
    subscription.refresh_from_db()


def _change_state(subscription: Subscription, state: Subscription.State, reason: str) -> None:
    Subscription.objects.filter(pk=subscription.pk).update(
        state=state, state_reason=reason, state_changed_at=Now(), resuming=False
    )
    subscription.refresh_from_db(fields=["state", "state_reason", "state_changed_at", "resuming"])
