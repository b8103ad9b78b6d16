"""`check_url URL…`: what saving each URL would say, and with --dial what the socket would say."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from ...delivery.http.client import Client
from ...delivery.webhook_client import new_client
from ...endpoints.rules import validate_url


class Command(BaseCommand):
    help = "Tell for each URL, a line each, whether it can be saved as a subscription's: 'ok' or 'refused: <why>'."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("urls", nargs="+", metavar="URL", help="a URL, or - for lines of standard input")
        parser.add_argument(
            "--dial",
            action="store_true",
            help="also connect (nothing is sent) and add '; dial ok', '; dial refused: <why>' or '; dial failed: …'",
        )

    def handle(self, *, urls: list[str], dial: bool, **_: Any) -> None:
        client = new_client() if dial else None
        for url in _each(urls):
            verdict = _saving(url)
            if client:
                verdict += f"; dial {_dialling(client, url)}"
            self.stdout.write(verdict)
        if client:
            client.close()


def _saving(url: str) -> str:
    try:
        validate_url(url)
    except ValueError as refusal:
        return f"refused: {refusal}"
    return "ok"


def _dialling(client: Client, url: str) -> str:
    answer = client.dial(url)
    if not answer.error:
        return "ok"
    return f"{'refused' if answer.error in ('bad_url', 'refused_address') else 'failed'}: {answer.message}"


def _each(urls: list[str]) -> Iterator[str]:
    for url in urls:
        if url == "-":
            # Bytes: reading text would take a carriage return inside a URL for the end of its line.
            for line in sys.stdin.buffer:
                yield line.removesuffix(b"\n").decode("utf-8", "surrogateescape")
        else:
            yield url
