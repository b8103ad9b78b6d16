from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from calls.api.fields import Thing
from calls.payloads.values import MILESTONES
from subscriptions.api.kit.serializers import StrictModelSerializer

from ..models import FormSubmission

MOST_FIELDS = 500
LONGEST_NAME = 200
LONGEST_VALUE = 20_000


@extend_schema_field({"type": "object"})
class FormData(serializers.JSONField):
    """A flat object: field names with text, numbers, true, false, null, or lists of these (ticked boxes)."""

    default_error_messages = {
        "object": 'This must be an object of field names and values, such as {{"name": "Ann"}}.',
        "many": f"A form has at most {MOST_FIELDS} fields.",
        "name": f"A field's name has at most {LONGEST_NAME} characters.",
        "value": "This must be text, a number, true, false, null or a list of these.",
        "long": f"This is longer than {LONGEST_VALUE} characters.",
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("object")
        if len(data) > MOST_FIELDS:
            self.fail("many")
        errors = {name: [words] for name, value in data.items() if (words := self._fault(name, value))}
        if errors:
            raise serializers.ValidationError(errors)
        return data

    def _fault(self, name: str, value: Any) -> str:
        values = value if isinstance(value, list) else [value]
        if len(name) > LONGEST_NAME:
            return str(self.error_messages["name"])
        if any(isinstance(each, dict | list) for each in values):
            return str(self.error_messages["value"])
        if sum(len(str(each)) for each in values) > LONGEST_VALUE:
            return str(self.error_messages["long"])
        return ""


class FormSubmissionSerializer(StrictModelSerializer):
    form_data = FormData(help_text="Fields that look like passwords or card numbers are dropped.")
    milestones = Thing(required=False, keys=MILESTONES)
    person_resource_id = serializers.CharField(source="person.main.resource_id", read_only=True, allow_null=True)

    class Meta:
        model = FormSubmission
        fields = """
            resource_id person_resource_id form_data form_url landing_page_url referrer referring_url submitted_at
            source medium campaign keywords utm_source utm_medium utm_campaign
            utma utmb utmc utmv utmz ga session_uuid fcid milestones
            external_source external_id created_at
        """.split()
        read_only_fields = ["resource_id", "created_at"]
