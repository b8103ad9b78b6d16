"""The link to a form in webhooks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe


@require_safe
def timeline(request: HttpRequest, resource_id: str) -> HttpResponse:
    """Redirect to the form's admin page, which asks for a login before it shows whether the form exists."""
    return HttpResponseRedirect(reverse("admin:forms_intake_formsubmission_timeline", args=[resource_id]))
