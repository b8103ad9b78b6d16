from django.db import migrations, models

import subscriptions.models.company
from subscriptions.lib.countries import country_of


def fill_in(apps, schema_editor):
    """One short statement for each time zone; companies are tens of thousands at most."""
    companies = apps.get_model("subscriptions", "Company").objects
    for zone in set(companies.filter(country="").order_by().values_list("time_zone", flat=True)):
        companies.filter(time_zone=zone, country="").update(country=country_of(zone))


class Migration(migrations.Migration):
    atomic = False  # no lock outlasts its statement

    dependencies = [("subscriptions", "0036_mail_requests")]
    operations = [
        migrations.AddField(
            model_name="company",
            name="country",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Phone numbers without + are numbers of this country. Two letters, for example US; the time "
                "zone's country unless you choose one.",
                max_length=2,
                validators=[subscriptions.models.company.validate_country],
            ),
        ),
        migrations.RunPython(fill_in, migrations.RunPython.noop),
    ]
