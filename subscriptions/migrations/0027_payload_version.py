from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('subscriptions', '0026_endpoint_forward'),
    ]

    operations = [
        migrations.AddField(
            model_name='subscription',
            name='call_direction',
            field=models.CharField(choices=[('both', 'Inbound and outbound'), ('inbound', 'Inbound only'), ('outbound', 'Outbound only')], db_default='both', default='both', help_text='Whose Post-Call and Call Modified: those of inbound calls, of outbound calls, or of both.', max_length=10, verbose_name='calls'),
        ),
        migrations.AddField(
            model_name='subscription',
            name='payload_version',
            field=models.CharField(choices=[('article', 'Article'), ('2026-05', '2026-05')], db_default='article', default='article', max_length=10),
        ),
    ]
