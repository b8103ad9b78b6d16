from django.apps import AppConfig


class SecurityConfig(AppConfig):
    name = "callhooks_site.security"
    label = "security"

    def ready(self) -> None:
        from subscriptions.tenancy import mails

        from . import password_reset, reauthentication

        reauthentication.connect()
        mails.register("reset", password_reset.send_requested)
