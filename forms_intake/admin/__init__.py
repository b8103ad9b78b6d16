"""The admin's pages for forms, the sites they come from and what was refused. Importing this registers them."""

from . import refusals, sources, submissions

__all__ = ["refusals", "sources", "submissions"]
