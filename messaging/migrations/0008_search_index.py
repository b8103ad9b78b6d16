from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVectorField
from django.db import migrations
from django.db.models import F, Func


class Migration(migrations.Migration):
    atomic = False  # the index is made while the service writes

    dependencies = [
        ("calls", "0016_search_words"),
        ("messaging", "0007_senders_without_numbers"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="textmessage",
            index=GinIndex(
                Func(
                    F("company"),
                    F("sent_at"),
                    F("customer_phone_number"),
                    F("content"),
                    function="text_words",
                    output_field=SearchVectorField(),
                ),
                gin_pending_list_limit=512,
                name="text_words",
            ),
        ),
    ]
