"""The settings of the bare view: ours, with nothing around a view but what Django cannot do without."""

from callhooks_site.settings import *  # noqa: F403
from callhooks_site.settings import MIDDLEWARE

ROOT_URLCONF = "tests.bench.bare_site"
MIDDLEWARE.clear()
