from django.contrib.admin.apps import AdminConfig


class CallhooksAdminConfig(AdminConfig):
    """Django's admin, with our site in the place of the default one."""

    default_site = "callhooks_site.admin_site.CallhooksAdminSite"
