from django.apps import AppConfig


class VendorImportConfig(AppConfig):
    name = "callhooks_site.intake.vendor_import"
    label = "vendor_import"
    verbose_name = "Import from a vendor"
