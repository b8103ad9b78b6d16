"""Entry point for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

from callhooks_site import databases

databases.serves_web = True  # before the settings are read
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callhooks_site.settings")
application = get_wsgi_application()
