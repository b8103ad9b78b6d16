from django.apps import AppConfig


class FormsIntakeConfig(AppConfig):
    name = "forms_intake"
    verbose_name = "Forms"

    def ready(self) -> None:
        from subscriptions.events.catalogue import EventType, SubjectKind, register

        from . import events, examples, payloads, retention

        register(
            SubjectKind(events.KIND, events.publish_due, events.read_one, page="form-timeline"),
            [
                EventType(
                    events.SUBMITTED,
                    "Form Submission",
                    "When a form was submitted.",
                    payloads.FormSubmissionPayload,
                    example=examples.build_submitted_form,
                )
            ],
        )
        events.connect()
        retention.register()
