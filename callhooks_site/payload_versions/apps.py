from django.apps import AppConfig


class PayloadVersionsConfig(AppConfig):
    name = "callhooks_site.payload_versions"

    def ready(self) -> None:
        from subscriptions.events import versions

        from .table import VERSIONS

        versions.register(VERSIONS)
