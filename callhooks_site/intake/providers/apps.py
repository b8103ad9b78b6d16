from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ProvidersConfig(AppConfig):
    name = "callhooks_site.intake.providers"
    label = "providers"
    verbose_name = "Phone providers"

    def ready(self) -> None:
        from django.apps import apps

        from calls import recordings

        from . import recording_login, retention, schedules

        recordings.register(recording_login.find_login)
        retention.register()
        # Once django-q2's tables exist, whatever the order of the apps.
        post_migrate.connect(schedules.install, sender=apps.get_app_config("django_q"))
