"""The admin's pages for ingest sources, what they told and what they refused. Importing this registers them."""

from . import calls, refusals, sources

__all__ = ["calls", "refusals", "sources"]
