"""The settings of the bare views: ours, with nothing around a view but the length of what it answers."""

from callhooks_site.settings import *  # noqa: F403
from callhooks_site.settings import MIDDLEWARE

ROOT_URLCONF = "tests.bench.bare_site"
MIDDLEWARE[:] = ["django.middleware.common.CommonMiddleware"]
