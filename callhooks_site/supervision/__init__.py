"""Keep processes running: restart them when they end, and when they run but do no work.

`manage.py cluster` uses it in production, `./dev run` and `./dev chaos` in development. No Django, except in `watch`.
"""
