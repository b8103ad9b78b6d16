"""The addresses of API v3: each with and without `.json`, below `/v3/` and `/api/v3/`."""

from __future__ import annotations

from django.urls import URLPattern, re_path
from django.views import View

from . import (
    accounts,
    call_summary,
    call_timeseries,
    calls,
    companies,
    conversations,
    document,
    form_summary,
    forms,
    integrations,
    leads,
    tags,
    trackers,
    triggers,
    users,
    views,
)

ACCOUNT = r"a/+(?P<account>[A-Za-z0-9]{1,40})"
# What no company of ours has.
REFUSED = ("caller_ids", "message-flows", "notifications", "summary_emails")
ID = r"(?P<id>[A-Za-z0-9_-]{1,64})"


def route(path: str, view: type[View], name: str) -> URLPattern:
    return re_path(rf"^{path}(?:\.json)?/?$", view.as_view(), name=f"vendor-{name}")


def of_account(path: str, view: type[View], name: str) -> URLPattern:
    return route(f"{ACCOUNT}/+{path}", view, name)


urlpatterns = [
    re_path(r"^schema(?:\.json)?/?$", document.DocumentView.as_view(), name="vendor-schema"),
    route("a", accounts.AccountsView, "accounts"),
    route(ACCOUNT, accounts.AccountView, "account"),
    of_account("calls", calls.CallsView, "calls"),
    of_account("calls/summary", call_summary.CallsSummary, "calls-summary"),
    of_account("calls/timeseries", call_timeseries.CallsTimeseries, "calls-timeseries"),
    of_account(f"calls/{ID}", calls.CallView, "call"),
    of_account(f"calls/{ID}/recording", calls.RecordingView, "call-recording"),
    of_account(f"calls/{ID}/page_views", calls.PageViewsView, "call-page-views"),
    of_account(f"calls/{ID}/transcription", calls.NoTranscription, "call-transcription"),
    of_account("integrations", integrations.IntegrationsView, "integrations"),
    of_account(f"integrations/{ID}", integrations.IntegrationView, "integration"),
    of_account("integration_triggers", triggers.TriggersView, "triggers"),
    of_account(f"integration_triggers/{ID}", triggers.TriggerView, "trigger"),
    of_account("companies", companies.CompaniesView, "companies"),
    of_account("companies/bulk_update", views.Refused, "companies-bulk-update"),
    of_account(f"companies/{ID}", companies.CompanyView, "company"),
    of_account("trackers", trackers.TrackersView, "trackers"),
    of_account(f"trackers/{ID}", trackers.TrackerView, "tracker"),
    of_account("tags", tags.TagsView, "tags"),
    of_account(f"tags/{ID}", tags.TagView, "tag"),
    of_account("users", users.UsersView, "users"),
    of_account(f"users/{ID}", users.UserView, "user"),
    of_account("form_submissions", forms.FormsView, "forms"),
    of_account("form_submissions/ignored_fields", forms.IgnoredFieldsView, "forms-ignored-fields"),
    of_account(f"form_submissions/{ID}", forms.FormView, "form"),
    of_account("forms/summary", form_summary.FormsSummary, "forms-summary"),
    of_account("text-messages", conversations.ConversationsView, "conversations"),
    of_account(f"text-messages/{ID}", conversations.ConversationView, "conversation"),
    of_account("sms-threads", conversations.ThreadsView, "sms-threads"),
    of_account(f"sms-threads/{ID}", conversations.ThreadView, "sms-thread"),
    of_account("leads", leads.LeadsView, "leads"),
    of_account(f"leads/{ID}/timeline", leads.TimelineView, "lead-timeline"),
    *(
        pattern
        for name in REFUSED
        for pattern in (
            of_account(name, views.Refused, name),
            of_account(f"{name}/{ID}", views.Refused, f"one-{name}"),
        )
    ),
    re_path("", views.NothingHere.as_view(), name="vendor-nothing-here"),
]
