"""The page where users turn two-step login on and off."""

from __future__ import annotations

from typing import Any

import django_otp
import segno
from django.contrib.admin import AdminSite
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from .login_form import WRONG_CODE
from .models import SecondFactor, get_second_factor, remove_second_factor, replace_recovery_codes, verify_code
from .reauthentication import WRONG_PASSWORD, is_password


def second_factor_page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """POST `do`: begin, confirm (needs the password and a first code), codes (needs a code) or remove (needs a
    code)."""
    answers = {"begin": _begin, "confirm": _confirm, "codes": _codes, "remove": _remove}
    answer = answers.get(request.POST.get("do", "")) if request.method == "POST" else None
    found: dict[str, Any] = answer(request) if answer else {}
    if answer and not found:
        return HttpResponseRedirect(reverse("admin:second_factor"))
    pending = SecondFactor.objects.filter(user=request.user.pk, confirmed=False).first()
    context = {
        **site.each_context(request),
        "title": "Two-step login",
        "on": get_second_factor(request.user) is not None,
        "pending": pending,
        "picture": _draw_code(pending.address()) if pending else "",
        "key_in_groups": " ".join(pending.key[at : at + 4] for at in range(0, 32, 4)) if pending else "",
        **found,
    }
    return TemplateResponse(request, "security/second_factor.html", context)


def _draw_code(address: str) -> SafeString:
    """The address as a QR code: inline SVG, dark on white in both themes, so that every camera reads it."""
    code = segno.make(address, error="m", micro=False)
    return mark_safe(code.svg_inline(scale=5, border=4, dark="#12191b", light="#fff", svgclass="qr-code"))


def _begin(request: HttpRequest) -> dict[str, Any]:
    if get_second_factor(request.user) is None:
        SecondFactor.objects.filter(user=request.user.pk).delete()
        SecondFactor.objects.create(user=request.user, name="app", confirmed=False)
    return {}


def _confirm(request: HttpRequest) -> dict[str, Any]:
    """Also asks for the password: somebody at an unlocked computer must not lock its owner out."""
    factor = SecondFactor.objects.filter(user=request.user.pk, confirmed=False).first()
    if factor is None:
        return {}
    if not is_password(request, request.POST.get("password", "")):
        return {"error": WRONG_PASSWORD}
    if not django_otp.verify_token(request.user, factor.persistent_id, request.POST.get("code", "").replace(" ", "")):
        return {"error": WRONG_CODE}
    SecondFactor.objects.filter(pk=factor.pk).update(confirmed=True)
    factor.refresh_from_db()
    django_otp.login(request, factor)
    _note(request, "Turned two-step login on.")
    return {"codes": replace_recovery_codes(request.user)}


def _codes(request: HttpRequest) -> dict[str, Any]:
    if not verify_code(request.user, request.POST.get("code", "")):
        return {"error": WRONG_CODE}
    _note(request, "Made new recovery codes.")
    return {"codes": replace_recovery_codes(request.user)}


def _remove(request: HttpRequest) -> dict[str, Any]:
    if not verify_code(request.user, request.POST.get("code", "")):
        return {"error": WRONG_CODE}
    remove_second_factor(request.user)
    _note(request, "Turned two-step login off.")
    return {}


def _note(request: HttpRequest, what: str) -> None:
    user: Any = request.user
    LogEntry.objects.log_actions(user.pk, [user], CHANGE, change_message=what, single_object=True)
