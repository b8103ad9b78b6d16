"""How gunicorn runs the web service, wherever it is started in this folder; the command line says where and how many.

The front server hands over two things, X-Forwarded-Proto and X-Forwarded-For, and Django reads these
(BEHIND_TLS_PROXY, PROXY_COUNT). gunicorn itself believes nobody: by default it lets 127.0.0.1 set SCRIPT_NAME and
PATH_INFO, and everything that a front server passes on comes from there.
"""

import gc
import os
import sys
import threading
from typing import Any

forwarder_headers = ""
forwarded_allow_ips = ""
secure_scheme_headers = {}
header_map = "drop"  # names with underscores, which would arrive as if they had hyphens
proxy_protocol = "off"

workers = int(os.environ.get("WEB_CONCURRENCY") or 3)
worker_class = "gthread"
# At most three hand files through, for as long as the files' servers take, at most four wait for events, and at most
# two hand a person's data out: subscriptions/delivery/file_slots.py, subscriptions/feed/waiting.py,
# callhooks_site/privacy/handing_out.py. The others are for all that is quick.
threads = 12
# Seconds that a connection may stay open between two requests. The front server opens another one.
keepalive = 5
graceful_timeout = 30
control_socket_disable = True

if os.environ.get("LOG_FORMAT", "").strip() == "json":
    sys.path.append(os.path.dirname(os.path.abspath(__file__)))
    from callhooks_site import json_logs

    logconfig_dict = json_logs.gunicorn_config()

limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190


def post_worker_init(worker: Any) -> None:
    """What a worker counts for /metrics is written by a thread of it. The garbage collector leaves what it has loaded.
    And the first worker of a start says what is wrong with the database, beside its work; nothing waits for that."""
    if "callhooks_site.wsgi" not in sys.modules:  # gunicorn serves something else
        return
    from django.urls import get_resolver

    from subscriptions.counters import writing
    from subscriptions.database.checks import say_of_web

    _ = get_resolver().url_patterns  # loads all views, which the first request would wait for otherwise
    gc.freeze()  # 180,000 objects, which the collector would stop a twentieth of a second for
    writing.allow_thread()
    if worker.age == 1:
        connections = worker.cfg.workers * worker.cfg.threads
        threading.Thread(target=say_of_web, args=[connections], name="database checks", daemon=True).start()


def worker_exit(server: object, worker: object) -> None:
    """What it counted last is written too."""
    from django.apps import apps

    if apps.ready:
        from subscriptions.counters import writing

        writing.write()
