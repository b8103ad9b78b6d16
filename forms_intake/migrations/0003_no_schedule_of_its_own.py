from django.db import migrations


class Migration(migrations.Migration):
    """What is old goes with the rest now (`subscriptions/maintenance/retention.py`): the schedule names a function that is gone."""

    dependencies = [
        ("forms_intake", "0002_web_forms"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]
    operations = [
        migrations.RunSQL("DELETE FROM django_q_schedule WHERE name = 'callhooks web forms'", migrations.RunSQL.noop)
    ]
