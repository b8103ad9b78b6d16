"""A person's data in the admin."""

from . import erasures, keeping

__all__ = ["erasures", "keeping"]
