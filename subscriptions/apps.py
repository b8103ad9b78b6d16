from django.apps import AppConfig
from django.db.models.signals import post_migrate


class SubscriptionsConfig(AppConfig):
    name = "subscriptions"
    verbose_name = "Webhooks"

    def ready(self) -> None:
        from django.apps import apps

        from . import cluster_hooks, logins, schedules

        cluster_hooks.connect()
        logins.connect()
        # After django-q2's tables are there, whatever the order of the apps.
        post_migrate.connect(schedules.install, sender=apps.get_app_config("django_q"))
