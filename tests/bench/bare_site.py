"""What bringing in a call or a form costs at the very least: a bare view that inserts the same row and does no more."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache

from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from calls.models import Call, Tracker
from forms_intake.models import FormSubmission
from subscriptions.models import Company


def insert(request: HttpRequest) -> JsonResponse:
    """A call, by plain Django."""
    body = json.loads(request.body)
    number = body.pop("tracking_phone_number")
    tracker = Tracker.objects.only("pk", "company_id").get(phone_number=number)
    body["start_time"] = datetime.fromisoformat(body["start_time"])
    call = Call(tracker_id=tracker.pk, company_id=tracker.company_id, **body)
    call.updated_at = timezone.now()
    call.save_base(raw=True, force_insert=True)  # the row alone: no rules, no signals, no events
    return JsonResponse({"resource_id": call.resource_id, **body}, status=201)


class FormFields(serializers.ModelSerializer[FormSubmission]):
    class Meta:
        model = FormSubmission
        fields = ("resource_id", "form_data", "form_url", "landing_page_url", "source", "medium")


class InsertForm(APIView):
    """A form, by Django REST framework with nothing around it: JSON in, one row, JSON out."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    parser_classes = (JSONParser,)
    renderer_classes = (JSONRenderer,)
    content_negotiation_class = DefaultContentNegotiation

    def post(self, request: Request) -> Response:
        fields = FormFields(data=request.data)
        fields.is_valid(raise_exception=True)
        form = FormSubmission(company_id=_company(), **fields.validated_data)
        form.save_base(raw=True, force_insert=True)
        return Response(FormFields(form).data, status=201)


@lru_cache(maxsize=1)
def _company() -> int:
    return Company.objects.values_list("pk", flat=True)[0]


urlpatterns = [path("insert/", insert), path("forms/", InsertForm.as_view())]
