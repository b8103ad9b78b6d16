"""When an endpoint counts as failing: then an issue opens, and events and alerts tell of it. `alerts.py` asks the same
by the ORM, for the mails to owners."""

from __future__ import annotations

# `h` is its row in subscriptions_endpointhealth; %(tell)s the setting ENDPOINT_TELL_SECONDS. It began long enough ago,
# and it failed again since: one failure with silence after it is none.
IS_FAILING = """h.failing_since < clock_timestamp() - make_interval(secs => %(tell)s)
       AND h.last_failure_at > h.failing_since"""
