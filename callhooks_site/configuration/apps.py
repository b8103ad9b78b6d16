from django.apps import AppConfig


class ConfigurationConfig(AppConfig):
    name = "callhooks_site.configuration"
    label = "configuration"
