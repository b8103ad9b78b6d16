from django.db import migrations


class Migration(migrations.Migration):
    """Django's history has no index by the row that an entry is about. An erasure finds them by it."""

    atomic = False  # the index is made while the service writes
    safe_because = "An index that is made concurrently; old code writes on."

    dependencies = [
        ("privacy", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS admin_log_of_object ON django_admin_log (object_id)",
            "DROP INDEX CONCURRENTLY IF EXISTS admin_log_of_object",
        ),
    ]
