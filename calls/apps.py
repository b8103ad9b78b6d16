from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "calls"

    def ready(self) -> None:
        from subscriptions.events import catalogue

        from . import event_types, signals

        catalogue.register(event_types.KIND, event_types.TYPES)
        signals.connect()
