from django.db import migrations


class Migration(migrations.Migration):
    """Names in Python only: the tables keep theirs, and no SQL runs on them."""

    dependencies = [("subscriptions", "0022_retry_after_until")]

    operations = [
        migrations.AlterModelTable("HourlyFigures", "subscriptions_hourlyfigures"),
        migrations.RenameModel("HourlyFigures", "HourlyStatistics"),
        migrations.AlterModelTable("FiguresMark", "subscriptions_figuresmark"),
        migrations.RenameModel("FiguresMark", "StatisticsProgress"),
    ]
