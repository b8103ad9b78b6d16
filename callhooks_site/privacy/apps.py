from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PrivacyConfig(AppConfig):
    name = "callhooks_site.privacy"
    label = "privacy"
    verbose_name = "Privacy"

    def ready(self) -> None:
        from django.apps import apps

        from subscriptions.maintenance import retention

        from . import keeping, schedules

        retention.register_step("rows of companies", keeping.delete_expired)
        # Once django-q2's tables exist, whatever the order of the apps.
        post_migrate.connect(schedules.install, sender=apps.get_app_config("django_q"))
