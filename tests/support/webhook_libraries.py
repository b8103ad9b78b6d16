"""The public libraries of Standard Webhooks: what others think of our signatures."""

from __future__ import annotations

from importlib import import_module
from typing import Any

LIBRARIES = ("standardwebhooks", "svix")


def load_library(name: str) -> Any:
    """Its `Webhook`. Only when a test asks: svix loads 300 modules, and each worker collects all tests."""
    return import_module(f"{name}.webhooks").Webhook
