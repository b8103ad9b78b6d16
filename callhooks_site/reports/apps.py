from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "callhooks_site.reports"
    label = "reports"
    verbose_name = "Reports"

    def ready(self) -> None:
        from callhooks_site.vendor_api import day_tables

        from . import counting, daily, today

        day_tables.count_also(counting.TABLES)
        today.install()
        daily.install()
