"""Settings of the engine's cluster where its receiver's certificate is the bench's own."""

from callhooks_site.settings import *  # noqa: F403
from callhooks_site.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "callhooks_site.devtools.bench.apps.TrustingConfig"]
