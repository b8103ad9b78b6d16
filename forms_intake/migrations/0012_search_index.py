from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVectorField
from django.db import migrations
from django.db.models import F, Func


class Migration(migrations.Migration):
    atomic = False  # the index is made while the service writes

    dependencies = [
        ("calls", "0016_search_words"),
        ("forms_intake", "0011_milestones"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="formsubmission",
            index=GinIndex(
                Func(
                    F("company"),
                    F("submitted_at"),
                    F("form_data"),
                    F("note"),
                    function="form_words",
                    output_field=SearchVectorField(),
                ),
                gin_pending_list_limit=512,
                name="form_words",
            ),
        ),
    ]
