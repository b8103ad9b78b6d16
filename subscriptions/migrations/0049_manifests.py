import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("subscriptions", "0048_mails_of_a_company"),
    ]

    operations = [
        migrations.CreateModel(
            name='ManifestProgress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('done', models.DateField(null=True)),
                ('reached', models.BigIntegerField(default=0)),
                ('waits_for', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Manifest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('number', models.PositiveIntegerField()),
                ('events', models.PositiveIntegerField(default=0)),
                ('delivered', models.PositiveIntegerField(default=0)),
                ('document', models.BinaryField(default=b'')),
                ('made_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('company', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='subscriptions.company')),
                ('subscription', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='manifests', to='subscriptions.subscription')),
            ],
            options={
                'ordering': ['-day'],
            },
        ),
        migrations.CreateModel(
            name='ManifestPage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('lines', models.BinaryField()),
                ('manifest', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='pages', to='subscriptions.manifest')),
            ],
        ),
        migrations.AddIndex(
            model_name='manifest',
            index=models.Index(models.F('company'), models.OrderBy(models.F('day'), descending=True), models.OrderBy(models.F('id'), descending=True), name='manifest_of_company'),
        ),
        migrations.AddIndex(
            model_name='manifest',
            index=models.Index(models.F('day'), name='manifest_by_day'),
        ),
        migrations.AddConstraint(
            model_name='manifest',
            constraint=models.UniqueConstraint(fields=('subscription', 'day'), name='manifest_of_day'),
        ),
        migrations.AddConstraint(
            model_name='manifestpage',
            constraint=models.UniqueConstraint(fields=('manifest', 'number'), name='manifest_page_number'),
        ),
    ]
