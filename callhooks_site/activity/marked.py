"""What can be done with the marked rows of the list: send their webhooks, tag them, mark calls, a file of them."""

from __future__ import annotations

import zoneinfo
from collections.abc import Collection, Sequence
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, StreamingHttpResponse

from calls import bulk
from calls.models import Call, Tag
from forms_intake.models import FormSubmission
from messaging.models import TextMessage, Thread
from subscriptions.admin.kit import export as files
from subscriptions.admin.kit.filters import is_id
from subscriptions.endpoints import operations
from subscriptions.models import Company, Delivery, Subscription
from subscriptions.tenancy import audit_log
from subscriptions.tenancy.access import access_of

from .choices import MARKS
from .export import COLUMNS, line
from .kinds import BY_NAME, CALL, FORM, KINDS, TEXT
from .page import address, what_is_shown
from .reading import PAGE_SIZE, Key
from .rows import read_rows

MOST_SENT = 5_000  # webhooks of one press: 50 rows of a company with many subscriptions


def act(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """A button below the list: `row` names the marked rows, `action` the button, and with `tag` the tag."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    shown = what_is_shown(request)
    if isinstance(shown, HttpResponseRedirect):
        return shown
    company, filters = shown
    keys = _marked(company, request.POST.getlist("row"))
    action = request.POST.get("action", "")
    if action == "export":
        return _export(request, company, keys)
    if not access_of(request).may_write(company.pk):
        raise PermissionDenied
    if keys:
        with transaction.atomic():
            _do(request, company, keys, action)
    else:
        messages.warning(request, "Mark some rows first.")
    return HttpResponseRedirect(address(request, company, filters))


def _marked(company: Company, said: Sequence[str]) -> list[Key]:
    """The rows of this company that are meant, in the order of the list."""
    asked: dict[str, set[int]] = {kind.name: set() for kind in KINDS}
    for one in said[:PAGE_SIZE]:
        name, _, pk = one.partition("-")
        if name in BY_NAME and is_id(pk):
            asked[name].add(int(pk))
    keys = [
        Key(at, kind, pk)
        for kind in KINDS
        if asked[kind.name]
        for pk, at in kind.rows.filter(company=company, pk__in=asked[kind.name]).values_list("pk", kind.time)
    ]
    return sorted(keys, key=lambda key: (key.at, key.pk), reverse=True)


def _do(request: HttpRequest, company: Company, keys: Sequence[Key], action: str) -> None:
    tag = request.POST.get("tag", "")
    if action == "send":
        _send(request, company, keys)
    elif action == "tag" and is_id(tag):
        _tag(request, company, keys, int(tag))
    elif action in MARKS:
        _mark(request, company, keys, action)
    else:
        messages.warning(request, "Choose what to do with the marked rows.")


def _send(request: HttpRequest, company: Company, keys: Sequence[Key]) -> None:
    subjects = [
        row for kind in KINDS for row in _ids(kind.rows.filter(company=company), keys, kind.name, "resource_id")
    ]
    rows = Delivery.objects.filter(company=company, event__subject_id__in=subjects, event__company=company)
    rows = rows.filter(subscription__state=Subscription.State.ACTIVE, event__test=False)
    rows = rows.exclude(state=Delivery.State.CANCELLED)  # cancelled by somebody, or left out by a filter
    chosen = Delivery.objects.filter(pk__in=list(rows.order_by("pk").values_list("pk", flat=True)[:MOST_SENT]))
    count = operations.send_now(chosen) + operations.resend(chosen)
    if not count:
        text = "Nothing to send: no active subscription was sent these, or they are being sent now."
        messages.warning(request, text)
        return
    detail = f"{count} webhooks of {len(keys)} rows marked in Activity"
    audit_log.record(audit_log.Actor.person(request.user), "Sent again", company=company, detail=detail)
    messages.success(request, f"{_count(count, 'webhook')} of {_count(len(keys), 'row')} will be sent now.")


def _tag(request: HttpRequest, company: Company, keys: Sequence[Key], tag: int) -> None:
    found = Tag.objects.filter(company=company, pk=tag).first()
    if found is None:
        messages.warning(request, "This tag is gone. Choose another one.")
        return
    calls = Call.objects.filter(company=company)
    _add_tag(Call.tags.through, "call_id", _ids(calls, keys, CALL.name, "pk"), found)
    threads = TextMessage.objects.filter(company=company)
    _add_tag(Thread.tags.through, "thread_id", _ids(threads, keys, TEXT.name, "thread_id"), found)
    forms = FormSubmission.objects.filter(company=company)
    _add_tag(FormSubmission.tags.through, "formsubmission_id", _ids(forms, keys, FORM.name, "pk"), found)
    bulk.publish_changes(_ids(calls, keys, CALL.name, "resource_id"))
    detail = f"{_count(len(keys), 'row')} marked in Activity"
    audit_log.record(audit_log.Actor.person(request.user), "Tagged", found, company=company, detail=detail)
    texts = any(key.kind is TEXT for key in keys)
    more = " A tag of a text is on its whole conversation." if texts else ""
    messages.success(request, f"{_count(len(keys), 'row')} tagged “{found.name}”.{more}")


def _add_tag(through: Any, column: str, ids: Collection[Any], tag: Tag) -> None:
    rows = [through(**{column: pk, "tag_id": tag.pk}) for pk in sorted(set(ids))]
    through.objects.bulk_create(rows, ignore_conflicts=True)


def _mark(request: HttpRequest, company: Company, keys: Sequence[Key], action: str) -> None:
    _, columns, words = MARKS[action]
    calls = Call.objects.filter(
        company=company, pk__in=_ids(Call.objects.filter(company=company), keys, CALL.name, "pk")
    )
    changed = 0
    for call in calls.order_by("pk").select_for_update(of=("self",), no_key=True):
        for name, value in columns.items():
            setattr(call, name, value)
        names = set(columns)
        if "lead_status" in columns:
            call.lead_status_by = Call.ScoredBy.PERSON
            names.add("lead_status_by")
        call.save(update_fields=names)
        changed += 1
    if not changed:
        messages.warning(request, "Only calls can be marked like that. None of these rows is a call.")
        return
    detail = f"{_count(changed, 'call')} marked in Activity as {words}"
    audit_log.record(audit_log.Actor.person(request.user), "Changed calls", company=company, detail=detail)
    left = len(keys) - changed
    rest = (
        f" {_count(left, 'row')} left as {'it is' if left == 1 else 'they are'}: only calls can be that."
        if left
        else ""
    )
    messages.success(request, f"{_count(changed, 'call')} marked as {words}.{rest}")


def _export(request: HttpRequest, company: Company, keys: Sequence[Key]) -> StreamingHttpResponse:
    actor = audit_log.Actor.person(request.user)
    audit_log.record(
        actor, "Exported activity", company=company, detail=f"{_count(len(keys), 'row')} marked in the list"
    )
    zone = zoneinfo.ZoneInfo(company.time_zone)
    return files.csv_response("activity", COLUMNS, [line(row, zone) for row in read_rows([company.pk], keys)])


def _ids(rows: Any, keys: Sequence[Key], kind: str, column: str) -> list[Any]:
    chosen = [key.pk for key in keys if key.kind.name == kind]
    return list(rows.filter(pk__in=chosen).values_list(column, flat=True)) if chosen else []


def _count(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"
