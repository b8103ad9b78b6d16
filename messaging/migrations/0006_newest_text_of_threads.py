from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import connection, migrations, models

BATCH = 5_000


def fill(apps, schema_editor):
    """In batches, each its own transaction: texts come in meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM messaging_thread")
        first, last = cursor.fetchone()
        for start in range(first, last + 1, BATCH):
            cursor.execute(
                "UPDATE messaging_thread t SET last_message_at = (SELECT max(m.sent_at) FROM messaging_textmessage m"
                " WHERE m.thread_id = t.id) WHERE t.id >= %s AND t.id < %s AND t.last_message_at IS NULL",
                [start, start + BATCH],
            )


class Migration(migrations.Migration):
    atomic = False  # the indexes are made while the service writes

    dependencies = [
        ("messaging", "0005_what_people_say_of_threads"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="textmessage",
            index=models.Index(fields=["thread", "-sent_at", "-id"], name="text_of_thread"),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexConcurrently(
            model_name="thread",
            index=models.Index(fields=["company", "-last_message_at", "-id"], name="thread_of_company"),
        ),
    ]
