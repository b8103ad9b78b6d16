"""A web worker has loaded all views before it serves, and its garbage collector leaves what was loaded."""

import subprocess
import sys

# As gunicorn does it, in a process of its own: here it would be for the tests that follow.
WORKER = """
import gc, runpy, types
import callhooks_site.wsgi
from subscriptions.counters import writing
writing.allow_thread = lambda: None
runpy.run_path("gunicorn.conf.py")["post_worker_init"](types.SimpleNamespace(age=2))
from django.urls import get_resolver
print(gc.get_freeze_count() > 100_000, "url_patterns" in vars(get_resolver()))
"""


def test_all_is_loaded_and_left_alone():
    run = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, check=False)
    assert run.stdout.split() == ["True", "True"], run.stderr
