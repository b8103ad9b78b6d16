import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('calls', '0007_tag_active_and_created_at'),
        ('forms_intake', '0006_names_as_shown'),
    ]

    operations = [
        migrations.AddField(
            model_name='formsubmission',
            name='lead_status',
            field=models.CharField(blank=True, choices=[('good_lead', 'Good lead'), ('not_a_lead', 'Not a lead'), ('previously_marked_good_lead', 'Previously marked good lead')], db_default='', default='', max_length=30),
        ),
        migrations.AddField(
            model_name='formsubmission',
            name='note',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
        migrations.AddField(
            model_name='formsubmission',
            name='tags',
            field=models.ManyToManyField(blank=True, related_name='forms', to='calls.tag'),
        ),
        migrations.AddField(
            model_name='formsubmission',
            name='value',
            field=models.DecimalField(blank=True, decimal_places=2, max_digits=12, null=True, validators=[django.core.validators.MinValueValidator(0)]),
        ),
    ]
