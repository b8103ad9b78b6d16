"""The admin pages for calls, people, tags and tracking numbers. Importing this registers them."""

from . import call, people, tags, trackers

__all__ = ["call", "people", "tags", "trackers"]
