from django.db import migrations


class Migration(migrations.Migration):
    """Names in Python only: the tables keep theirs, and no SQL runs on them."""

    dependencies = [("subscriptions", "0021_one_line_names")]

    operations = [
        migrations.AlterModelTable("HourlyFigures", "subscriptions_hourlyfigures"),
        migrations.RenameModel("HourlyFigures", "HourlyStatistics"),
        migrations.AlterModelTable("FiguresMark", "subscriptions_figuresmark"),
        migrations.RenameModel("FiguresMark", "StatisticsProgress"),
    ]
