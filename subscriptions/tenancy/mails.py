"""Mails that people ask for: stored in the request, sent by the cluster. So the response does not tell by its time
whether there was anybody to write to, and does not wait for the mail server.

`send_waiting` may run twice, or never: each mail is sent in the transaction that finishes its request, and the next run
continues. A mail server that refuses is asked again after RETRY_AFTER.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from smtplib import SMTPException

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from ..counters.known import MAILS
from ..models import Invitation, MailRequest

logger = logging.getLogger(__name__)

RETRY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
KEPT = timedelta(days=1)  # afterwards: for the limits, and for a look at what happened
# Requests for a new password in a minute: of one address, and of all together.
MOST_RESETS, MOST_RESETS_IN_ALL = 5, 300
LONGEST_ERROR = 200

Handler = Callable[[MailRequest], None]
_handlers: dict[str, Handler] = {}


class TooManyRequests(Exception):
    """Asked too often; the same for every mail address."""


def register(kind: str, handler: Handler) -> None:
    """`handler` sends the mail of a request, or none. It may raise SMTPException or OSError."""
    _handlers[kind] = handler


def request_reset(email: str, *, client: str) -> None:
    """Ask for a password reset. Does the same for an address that nobody has. Raises TooManyRequests."""
    recent = MailRequest.objects.filter(
        kind=MailRequest.Kind.PASSWORD_RESET, created_at__gt=Now() - timedelta(minutes=1)
    )
    if recent.filter(client=client).count() >= MOST_RESETS or recent.count() >= MOST_RESETS_IN_ALL:
        raise TooManyRequests
    MailRequest.objects.create(kind=MailRequest.Kind.PASSWORD_RESET, email=email, client=client)


def request_invitation(invitation: Invitation) -> None:
    MailRequest.objects.create(kind=MailRequest.Kind.INVITATION, invitation=invitation)


def send_waiting() -> None:
    """Send all that is due, and forget what is old."""
    while _send_next():
        pass
    MailRequest.objects.filter(finished_at__lt=timezone.now() - KEPT).delete()


def _send_next() -> bool:
    with transaction.atomic():
        waiting = MailRequest.objects.select_for_update(skip_locked=True, of=("self",))
        request = waiting.filter(finished_at=None, due_at__lte=Now()).order_by("due_at", "pk").first()
        if request is None:
            return False
        try:
            with transaction.atomic():
                _handlers[request.kind](request)
        except (SMTPException, OSError) as error:
            logger.warning("%s could not be sent: %s", request, error)
            _postpone(request, str(error))
            return False  # the mail server is away: the others wait for the next run
        except Exception:  # a mail that cannot be written must not stop the others
            logger.exception("%s could not be sent", request)
            _finish(request, "The email could not be written.")
        else:
            _finish(request, "")
    return True


def _postpone(request: MailRequest, error: str) -> None:
    if request.attempts >= len(RETRY_AFTER):
        _finish(request, error)
        return
    MAILS.add(request.kind, "postponed")
    wait = RETRY_AFTER[request.attempts]
    MailRequest.objects.filter(pk=request.pk).update(attempts=request.attempts + 1, due_at=Now() + wait)
    _tell(request, error)


def _finish(request: MailRequest, error: str) -> None:
    MAILS.add(request.kind, "dropped" if error else "done")
    MailRequest.objects.filter(pk=request.pk).update(email="", attempts=request.attempts + 1, finished_at=Now())
    _tell(request, error)


def _tell(request: MailRequest, error: str) -> None:
    """Owners see in the list of invitations why one was not sent."""
    if request.invitation_id is not None:
        Invitation.objects.filter(pk=request.invitation_id).update(mail_error=error[:LONGEST_ERROR])
