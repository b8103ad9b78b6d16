from django.apps import AppConfig
from django.db.models.signals import post_migrate


class FormsIntakeConfig(AppConfig):
    name = "forms_intake"
    verbose_name = "Forms"

    def ready(self) -> None:
        from django.apps import apps

        from subscriptions.catalogue import EventType, SubjectKind, register

        from . import events, examples, payloads, schedules

        register(
            SubjectKind(events.KIND, events.look),
            [
                EventType(
                    events.SUBMITTED,
                    "Form Submission",
                    "When a form was submitted.",
                    payloads.FormSubmissionPayload,
                    example=examples.submitted,
                )
            ],
        )
        events.connect()
        # After django-q2's tables are there, whatever the order of the apps.
        post_migrate.connect(schedules.install, sender=apps.get_app_config("django_q"))
