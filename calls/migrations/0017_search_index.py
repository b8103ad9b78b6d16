from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVectorField
from django.db import migrations
from django.db.models import F, Func


class Migration(migrations.Migration):
    atomic = False  # the index is made while the service writes

    dependencies = [
        ("calls", "0016_search_words"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="call",
            index=GinIndex(
                Func(
                    F("company"),
                    F("start_time"),
                    F("customer_phone_number"),
                    F("customer_name"),
                    F("note"),
                    function="call_words",
                    output_field=SearchVectorField(),
                ),
                gin_pending_list_limit=512,
                name="call_words",
            ),
        ),
    ]
