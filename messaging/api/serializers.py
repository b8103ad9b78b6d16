from __future__ import annotations

from rest_framework import serializers

from calls.api.fields import PhoneNumber
from subscriptions.api.kit.fields import HttpUrlField, StrictCharField
from subscriptions.api.kit.serializers import StrictModelSerializer
from subscriptions.events.payload_fields import TextValue

from ..models import TextMessage


class TextMessageSerializer(StrictModelSerializer):
    """`content` is kept exactly, including spaces, emoji and line ends."""

    tracking_phone_number = PhoneNumber(source="tracker.phone_number", help_text="A tracking number of the company.")
    tracker_resource_id = serializers.CharField(source="tracker.resource_id", read_only=True)
    customer_phone_number = PhoneNumber()
    content = StrictCharField(required=False, allow_blank=True, trim_whitespace=False, max_length=20_000)
    media_urls = serializers.ListField(child=HttpUrlField(), required=False, max_length=50)
    message_type = TextValue(lambda text: "mms" if text.media_urls else "sms")
    conversation_id = serializers.CharField(source="thread.conversation_id", read_only=True)
    thread_resource_id = serializers.CharField(source="thread.resource_id", read_only=True)
    person_resource_id = serializers.CharField(source="thread.person.main.resource_id", read_only=True, allow_null=True)

    class Meta:
        model = TextMessage
        fields = """
            resource_id message_type direction tracking_phone_number tracker_resource_id customer_phone_number
            person_resource_id content media_urls sent_at conversation_id thread_resource_id
            external_source external_id created_at
        """.split()
        read_only_fields = ["resource_id", "created_at"]
