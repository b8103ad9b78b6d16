"""The garbage collector of a drain and of a web worker looks seldom, and not at what was loaded."""

import gc
import subprocess
import sys

from subscriptions.lib.gc_tuning import DRAIN_OBJECTS, WEB_OBJECTS, collecting_seldom

# As gunicorn does it, in a process of its own: here it would be for the tests that follow.
WORKER = """
import gc, runpy, types
import callhooks_site.wsgi
from subscriptions.counters import writing
writing.allow_thread = lambda: None
init = runpy.run_path("gunicorn.conf.py")["post_worker_init"]
init(types.SimpleNamespace(age=2))
from django.urls import get_resolver
print(*gc.get_threshold()[:1], gc.get_freeze_count() > 100_000, "url_patterns" in vars(get_resolver()))
"""


def test_seldom_in_the_block_and_as_before_after_it():
    before = gc.get_threshold()
    with collecting_seldom(DRAIN_OBJECTS):
        assert gc.get_threshold() == (DRAIN_OBJECTS, *before[1:])
        assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_a_web_worker_has_loaded_all_and_collects_seldom():
    run = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, check=False)
    assert run.stdout.split() == [str(WEB_OBJECTS), "True", "True"], run.stderr
