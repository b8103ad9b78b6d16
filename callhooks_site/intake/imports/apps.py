from datetime import timedelta

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ImportsConfig(AppConfig):
    name = "callhooks_site.intake.imports"
    label = "imports"
    verbose_name = "Imports"

    def ready(self) -> None:
        from django.apps import apps
        from django.conf import settings
        from django.db.models.functions import Now

        from subscriptions.maintenance import retention

        from . import schedules
        from .models import ImportJob

        # Once django-q2's tables exist, whatever the order of the apps.
        post_migrate.connect(schedules.install, sender=apps.get_app_config("django_q"))
        retention.register(
            "imports",
            lambda: ImportJob.objects.filter(finished_at__lt=Now() - timedelta(days=settings.RETAIN_FAILED_DAYS)),
        )
