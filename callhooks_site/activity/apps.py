from django.apps import AppConfig


class ActivityConfig(AppConfig):
    name = "callhooks_site.activity"
    label = "activity"
    verbose_name = "Activity"

    def ready(self) -> None:
        from subscriptions.admin.kit.menu import Page, add_page
        from subscriptions.tenancy.access import access_of

        add_page(
            Page(
                "activity",
                "Everything",
                "admin:activity",
                0,
                allowed=lambda request: access_of(request).may_read_some(),
                takes_company=True,
            )
        )
