"""A person's data in the admin."""

from . import erasures

__all__ = ["erasures"]
