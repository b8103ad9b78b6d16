from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = "Texts"

    def ready(self) -> None:
        from subscriptions.events.catalogue import EventType, SubjectKind, register

        from . import events, examples, payloads

        register(
            SubjectKind(events.KIND, events.publish_due, events.read_one, page="admin:messaging_textmessage_timeline"),
            [
                EventType(
                    events.SENT,
                    "Text Message Sent",
                    "When a text was sent from a tracking number.",
                    payloads.TextMessageSentPayload,
                    facts=events.facts,
                    past_facts=events.past_facts,
                    example=examples.build_sent_text,
                ),
                EventType(
                    events.RECEIVED,
                    "Text Message Received",
                    "When a text was received by a tracking number.",
                    payloads.TextMessageReceivedPayload,
                    facts=events.facts,
                    past_facts=events.past_facts,
                    example=examples.build_received_text,
                ),
            ],
        )
        events.connect()
