from django.apps import AppConfig


class CallsConfig(AppConfig):
    name = "calls"

    def ready(self) -> None:
        from subscriptions.events import catalogue
        from subscriptions.events import filter_fields as known_fields

        from . import event_types, filter_fields, signals

        catalogue.register(event_types.KIND, event_types.TYPES)
        known_fields.register(filter_fields.FIELDS)
        signals.connect()
