"""Settings of the naive cluster: django-q2 on its ORM broker as it comes. The database's connections are kept, as ours
are: with Django's default of a new one for each task it would be three times slower."""

from callhooks_site.settings import *  # noqa: F403
from callhooks_site.settings import DELIVERY_DRAINS, INSTALLED_APPS

# As many workers as the engine has drains; `timeout` and `retry` as the documentation asks; all else by default.
Q_CLUSTER = {"name": "callhooks", "orm": "default", "workers": DELIVERY_DRAINS, "timeout": 60, "retry": 120}
INSTALLED_APPS = [*INSTALLED_APPS, "tests.bench.apps.NaiveConfig"]
