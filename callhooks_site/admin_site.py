from __future__ import annotations

from django.contrib.admin import AdminSite


class CallhooksAdminSite(AdminSite):
    site_header = "Callhooks"
    site_title = "Callhooks"
    index_title = "Your webhooks"
