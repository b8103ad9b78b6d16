"""The admin's pages for ingest sources and what they refused. Importing this registers them."""

from . import refusals, sources

__all__ = ["refusals", "sources"]
