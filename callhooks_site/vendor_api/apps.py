from django.apps import AppConfig
from django.db.models.signals import post_migrate


class VendorApiConfig(AppConfig):
    name = "callhooks_site.vendor_api"
    label = "vendor_api"
    verbose_name = "API v3"

    def ready(self) -> None:
        from django.apps import apps

        from . import schedules

        # Once django-q2's tables exist, whatever the order of the apps.
        post_migrate.connect(schedules.install, sender=apps.get_app_config("django_q"))
