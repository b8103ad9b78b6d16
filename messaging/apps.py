from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    verbose_name = "Texts"

    def ready(self) -> None:
        from subscriptions.catalogue import EventType, SubjectKind, register

        from . import events, payloads

        register(
            SubjectKind(events.KIND, events.look),
            [
                EventType(
                    events.SENT,
                    "Text Message Sent",
                    "When a text was sent from a tracking number.",
                    payloads.TextMessageSentPayload,
                ),
                EventType(
                    events.RECEIVED,
                    "Text Message Received",
                    "When a text was received by a tracking number.",
                    payloads.TextMessageReceivedPayload,
                ),
            ],
        )
        events.connect()
