from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SubscriptionsConfig(AppConfig):
    name = "subscriptions"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from django.apps import apps
        from django.conf import settings

        from .database import checks  # noqa: F401 - registers its check
        from .delivery import wakeup
        from .endpoints import alert_mails, destinations, issues
        from .events import catalogue, delivery_events, manifest_events
        from .feed import horizon
        from .maintenance import retention
        from .tenancy import logins, mails, members
        from .tracing import spans
        from .worker import cluster_hooks, drains, queue_status, schedules

        if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
            spans.switch_on(settings.OTEL_TRACES_SAMPLER_ARG)
        catalogue.register(delivery_events.KIND, [*delivery_events.TYPES, manifest_events.TYPE])
        catalogue.register_labels(delivery_events.ALERT_LABELS)
        wakeup.register(drains.queue_missing_drains)
        retention.register("tasks", queue_status.find_old_failures)
        retention.register("solved issues", issues.find_expired)
        cluster_hooks.connect()
        destinations.connect()
        logins.connect()
        mails.register("invitation", members.send_requested)
        mails.register("alert", alert_mails.send_requested)
        # After django-q2's tables are there, whatever the order of the apps.
        post_migrate.connect(schedules.install, sender=apps.get_app_config("django_q"))
        post_migrate.connect(horizon.follow_after_migrate, sender=self)
