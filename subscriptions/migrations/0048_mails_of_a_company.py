from django.db import migrations, models


class Migration(migrations.Migration):
    # A table of one day's mails: the index is built in a moment.
    dependencies = [("subscriptions", "0047_alert_destinations")]

    operations = [
        migrations.AddField(
            model_name="mailrequest",
            name="company",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=models.deletion.CASCADE,
                related_name="+",
                to="subscriptions.company",
            ),
        ),
        migrations.AlterField(
            model_name="mailrequest",
            name="destination",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=models.deletion.SET_NULL,
                related_name="+",
                to="subscriptions.alertdestination",
            ),
        ),
        migrations.AddIndex(
            model_name="mailrequest",
            index=models.Index(
                "company", "created_at", condition=models.Q(company__isnull=False), name="mail_request_of_company"
            ),
        ),
    ]
