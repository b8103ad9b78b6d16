from django.apps import AppConfig


class SecurityConfig(AppConfig):
    name = "callhooks_site.security"
    label = "security"
