from django.db import migrations

# These tables are updated all the time and read through small partial indexes: dead rows must go after thousands of
# changes, not after a fifth of ten million rows. Setting it takes a short lock and rewrites nothing.
BUSY = {
    "subscriptions_delivery": "autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000, "
    "autovacuum_analyze_scale_factor = 0.02",
    "subscriptions_eventstream": "autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000, fillfactor = 90",
    "subscriptions_endpointhealth": "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, fillfactor = 50",
    "subscriptions_drainslot": "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, fillfactor = 50",
    "django_q_ormq": "autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500",
}


def names(options: str) -> str:
    return ", ".join(option.split("=")[0].strip() for option in options.split(","))


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0002_endpoint_told_disabled"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [
        migrations.RunSQL(f"ALTER TABLE {table} SET ({options})", f"ALTER TABLE {table} RESET ({names(options)})")
        for table, options in BUSY.items()
    ]
