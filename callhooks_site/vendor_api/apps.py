from django.apps import AppConfig


class VendorApiConfig(AppConfig):
    name = "callhooks_site.vendor_api"
    label = "vendor_api"
    verbose_name = "API v3"
