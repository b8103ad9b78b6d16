"""Publishes for the naive cluster, in a process of its own that talks to the naive database.

python -m tests.bench.naive_publisher     (reads lines of JSON, answers each with a line)
"""

from __future__ import annotations

import base64
import json
import sys

import django


def main() -> None:
    django.setup()
    from tests.bench.naive import publish

    for line in sys.stdin:
        asked = json.loads(line)
        committed = publish(asked["subscriptions"], asked["number"], base64.b64decode(asked["body"]))
        sys.stdout.write(f"{committed}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
