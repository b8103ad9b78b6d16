"""Middleware that only people's pages need: programs, providers and web forms bring a key of their own, no cookie, and
their answers set none."""

from __future__ import annotations

import re
from typing import Any

from axes import middleware as axes
from django.contrib.auth import middleware as auth
from django.contrib.messages import middleware as messages
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponseBase
from django.middleware import csrf
from django_otp import middleware as otp
from whitenoise import middleware as whitenoise

# The API without its pages, the vendor's API, providers' callbacks, web forms, monitoring.
_FOR_PROGRAMS = re.compile(r"/api/v1/(?!docs/)|//?(?:api/)?v3(?:/|$)|/in/|/f/|/healthz$|/metrics$")

# These stand in MIDDLEWARE by their own names, which Django's and axes' checks look for. CSRF's look at each view stays
# for all: a view that is not exempt asks for the token on programs' paths too.
_ALSO_FOR_PEOPLE = (csrf.CsrfViewMiddleware, axes.AxesMiddleware)


def is_for_programs(request: HttpRequest) -> bool:
    return _FOR_PROGRAMS.match(request.path_info) is not None


class _ForPeople:
    """Programs go past it, and past all of people's that follow each other in MIDDLEWARE at once."""

    get_response: Any

    def __init__(self, get_response: Any) -> None:
        super().__init__(get_response)  # type: ignore[call-arg]
        self._for_programs = get_response
        # Django wraps each middleware in what makes an answer of an error.
        while isinstance(follows := getattr(self._for_programs, "__wrapped__", None), (_ForPeople, *_ALSO_FOR_PEOPLE)):
            self._for_programs = follows.get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase = (
            self._for_programs(request) if is_for_programs(request) else super().__call__(request)  # type: ignore[misc]
        )
        return answer


class WhiteNoiseMiddleware(_ForPeople, whitenoise.WhiteNoiseMiddleware):  # type: ignore[misc]
    pass


class SessionMiddleware(_ForPeople, sessions.SessionMiddleware):
    pass


class AuthenticationMiddleware(_ForPeople, auth.AuthenticationMiddleware):
    pass


class OTPMiddleware(_ForPeople, otp.OTPMiddleware):  # type: ignore[misc]
    pass


class MessageMiddleware(_ForPeople, messages.MessageMiddleware):
    pass
