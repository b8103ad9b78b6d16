from django.contrib.admin.apps import AdminConfig


class CallhooksAdminConfig(AdminConfig):
    """Django's admin with our own site class."""

    default_site = "callhooks_site.admin_site.CallhooksAdminSite"
