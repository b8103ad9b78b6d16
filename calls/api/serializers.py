"""Calls, tracking numbers, tags and people in the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from subscriptions.api.kit.fields import (
    HttpUrlField,
    PastDateTimeField,
    StrictCharField,
    StrictChoiceField,
    StrictIntegerField,
)
from subscriptions.api.kit.serializers import StrictModelSerializer
from subscriptions.events.payload_fields import TextValue

from ..call_states import call_type, seconds
from ..models import Call, Person, Tag, Tracker
from ..payloads.values import MILESTONES
from .fields import CustomerNumber, EmailAddress, Items, PhoneNumber, TagNames, Thing

LONGEST_SECONDS = 30 * 86_400
SCORES = [Call.LeadStatus.GOOD.value, Call.LeadStatus.NOT.value]
# In the order of reading.
CALL_FIELDS = """
    resource_id call_type direction tracking_phone_number tracker_resource_id
    customer_phone_number customer_name customer_city customer_state customer_country zip_code
    person_resource_id
    business_phone_number agent_email device_type
    start_time routed_at answered_at ended_at duration voicemail abandoned spam keypad_entries
    recording_url recording_duration waveforms transcription_text conversational_transcript speaker_percent
    keywords_spotted call_highlights
    call_summary lead_score lead_explanation sentiment
    tags note value lead_status lead_status_by
    source medium campaign keywords referrer referrer_domain referring_url landing_page_url last_requested_url
    utm_source utm_medium utm_campaign utm_term utm_content utma utmb utmc utmv utmz
    ga gclid gbraid wbraid fbclid msclkid ttclid li_fat_id kissmetrics_id milestones custom session_uuid
    external_source external_id as_of created_at updated_at
""".split()


class CallSerializer(StrictModelSerializer):
    """Fields in the request are set, others stay unchanged. `tags` replaces all of the call's tags."""

    call_type = TextValue(call_type)
    tracking_phone_number = PhoneNumber(source="tracker.phone_number", help_text="A tracking number of the company.")
    tracker_resource_id = serializers.CharField(source="tracker.resource_id", read_only=True)
    person_resource_id = serializers.CharField(source="person.main.resource_id", read_only=True, allow_null=True)
    customer_phone_number = CustomerNumber(required=False, allow_blank=True, help_text="Empty when withheld.")
    business_phone_number = PhoneNumber(required=False, allow_blank=True, help_text="Where the call was routed to.")
    duration = StrictIntegerField(
        required=False, allow_null=True, min_value=0, max_value=LONGEST_SECONDS, help_text="Seconds."
    )
    keypad_entries = Items(required=False)
    recording_url = HttpUrlField(required=False, allow_blank=True)
    recording_duration = StrictIntegerField(
        required=False, allow_null=True, min_value=0, max_value=LONGEST_SECONDS, help_text="Seconds."
    )
    waveforms = Items(required=False)
    transcription_text = StrictCharField(required=False, allow_blank=True, trim_whitespace=False)
    conversational_transcript = Items(required=False, keys=("speaker", "phrase", "start"))
    speaker_percent = Thing(required=False, allow_null=True)
    keywords_spotted = Items(required=False, keys=("keyword", "locations"))
    call_highlights = Items(required=False)
    call_summary = StrictCharField(required=False, allow_blank=True, trim_whitespace=False)
    lead_explanation = StrictCharField(required=False, allow_blank=True, trim_whitespace=False)
    tags = TagNames(required=False)
    note = StrictCharField(required=False, allow_blank=True, trim_whitespace=False)
    lead_status = StrictChoiceField(SCORES, required=False, allow_blank=True)
    lead_status_by = StrictChoiceField(
        Call.ScoredBy.choices, required=False, help_text="Who scored it; `rule` unless the program says otherwise."
    )
    milestones = Thing(required=False, keys=MILESTONES)
    as_of = PastDateTimeField(
        required=False,
        write_only=True,
        help_text="When this message was true in your system. Messages may then arrive in any order: the newest value "
        "of each field wins.",
    )

    class Meta:
        model = Call
        fields = CALL_FIELDS
        extra_kwargs = {"direction": {"required": True}, "start_time": {"required": False}}
        read_only_fields = ["resource_id", "created_at", "updated_at"]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        body = super().to_representation(instance)
        body["duration"] = seconds(instance)
        return body


class TrackerSerializer(StrictModelSerializer):
    phone_number = PhoneNumber(help_text="For example +14045550100.")
    destination_number = PhoneNumber(required=False, allow_blank=True, help_text="Where calls to it are routed.")

    class Meta:
        model = Tracker
        fields = ["resource_id", "phone_number", "name", "source", "destination_number", "active", "created_at"]
        read_only_fields = ["resource_id", "created_at"]


class TagSerializer(StrictModelSerializer):
    class Meta:
        model = Tag
        fields = ["id", "name", "level", "color"]


class OtherContacts(serializers.ListField):
    """What else the person is found by: the numbers or addresses of rows that are merged into this one."""

    def __init__(self, name: str, **kwargs: Any) -> None:
        self.name = name
        super().__init__(child=serializers.CharField(), read_only=True, **kwargs)

    def get_attribute(self, instance: Any) -> list[str]:
        rows = sorted(instance.merged_rows.all(), key=lambda row: row.pk)
        return [text for row in rows if (text := getattr(row, self.name))]


class PersonSerializer(StrictModelSerializer):
    phone = PhoneNumber(required=False, allow_blank=True, help_text="Belongs to one person of a company.")
    email = EmailAddress(required=False, allow_blank=True, help_text="Belongs to one person of a company.")
    other_phones = OtherContacts("phone")
    other_emails = OtherContacts("email")
    merged_into = serializers.CharField(
        source="merged_into.resource_id", read_only=True, allow_null=True,
        help_text="The id of the person that this one turned out to be.",
    )  # fmt: skip

    class Meta:
        model = Person
        fields = """
            resource_id phone email other_phones other_emails name city state country merged_into created_at
        """.split()
        read_only_fields = ["resource_id", "created_at"]
