"""The addresses of API v3: each with and without `.json`, below `/v3/` and `/api/v3/`."""

from __future__ import annotations

from django.urls import URLPattern, re_path
from django.views import View

from . import accounts, calls, views

ACCOUNT = r"a/+(?P<account>[A-Za-z0-9]{1,40})"
ID = r"(?P<id>[A-Za-z0-9_-]{1,64})"


def route(path: str, view: type[View], name: str) -> URLPattern:
    return re_path(rf"^{path}(?:\.json)?/?$", view.as_view(), name=f"vendor-{name}")


def of_account(path: str, view: type[View], name: str) -> URLPattern:
    return route(f"{ACCOUNT}/+{path}", view, name)


urlpatterns = [
    route("a", accounts.AccountsView, "accounts"),
    route(ACCOUNT, accounts.AccountView, "account"),
    of_account("calls", calls.CallsView, "calls"),
    of_account(f"calls/{ID}", calls.CallView, "call"),
    of_account(f"calls/{ID}/recording", calls.RecordingView, "call-recording"),
    of_account(f"calls/{ID}/page_views", calls.PageViewsView, "call-page-views"),
    of_account(f"calls/{ID}/transcription", calls.NoTranscription, "call-transcription"),
    re_path("", views.NothingHere.as_view(), name="vendor-nothing-here"),
]
