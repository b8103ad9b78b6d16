"""The admin's pages for calls and what belongs to them. Importing this registers them."""

from . import call, people, tags, trackers

__all__ = ["call", "people", "tags", "trackers"]
