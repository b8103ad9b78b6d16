import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import subscriptions.models.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0043_retry_policy'),
    ]

    operations = [
        migrations.CreateModel(
            name='FeedConsumer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='Small letters, digits, - and _.', max_length=50, validators=[django.core.validators.RegexValidator('\\A[a-z0-9][a-z0-9_-]*\\Z', 'Use small letters, digits, - and _.')])),
                ('types', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, size=None)),
                ('position', models.BigIntegerField(default=0, editable=False)),
                ('event_id', models.UUIDField(editable=False, null=True)),
                ('acknowledged_at', models.DateTimeField(editable=False, null=True)),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='FeedStart',
            fields=[
                ('company', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='subscriptions.company')),
                ('deleted_to', models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='FeedState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('base', models.BigIntegerField(default=0)),
                ('highest', models.BigIntegerField(default=0)),
            ],
        ),
        # In two steps: a constant for the rows that are there, which are not written anew, then a number for new ones.
        migrations.AddField(
            model_name='event',
            name='position',
            field=models.BigIntegerField(db_default=0, editable=False),
        ),
        migrations.AlterField(
            model_name='event',
            name='position',
            field=models.BigIntegerField(db_default=subscriptions.models.fields.TransactionNumber(), editable=False),
        ),
        migrations.AddField(
            model_name='feedconsumer',
            name='company',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='feed_consumers', to='subscriptions.company'),
        ),
        migrations.AddField(
            model_name='feedconsumer',
            name='subscription',
            field=models.ForeignKey(blank=True, help_text='Reads what this subscription gets. Empty: all events of the company.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='feed_consumers', to='subscriptions.subscription'),
        ),
        migrations.AddConstraint(
            model_name='feedconsumer',
            constraint=models.UniqueConstraint(fields=('company', 'name'), name='feed_consumer_name'),
        ),
    ]
