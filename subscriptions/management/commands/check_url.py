"""`check_url URL…`: would a subscription with this URL be saved, and with --dial, can its server be reached?"""

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
    help = "Print for each URL whether a subscription can use it: 'ok' or 'refused: <why>', one line per URL."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "urls", nargs="+", metavar="URL", help="a URL, or - to read URLs from standard input, one per line"
        )
        parser.add_argument(
            "--dial",
            action="store_true",
            help="also connect (sends nothing) and add '; dial ok', '; dial refused: <why>' or '; dial failed: …'",
        )

    def handle(self, *, urls: list[str], dial: bool, **_: Any) -> None:
        client = new_client() if dial else None
        for url in _read_urls(urls):
            verdict = _check(url)
            if client:
                verdict += f"; dial {_dial(client, url)}"
            self.stdout.write(verdict)
        if client:
            client.close()


def _check(url: str) -> str:
    try:
        validate_url(url)
    except ValueError as refusal:
        return f"refused: {refusal}"
    return "ok"


def _dial(client: Client, url: str) -> str:
    answer = client.dial(url)
    if not answer.error:
        return "ok"
    return f"{'refused' if answer.error in ('bad_url', 'refused_address') else 'failed'}: {answer.message}"


def _read_urls(urls: list[str]) -> Iterator[str]:
    for url in urls:
        if url == "-":
            # As bytes: in text mode a carriage return inside a URL would end the line.
            for line in sys.stdin.buffer:
                yield line.removesuffix(b"\n").decode("utf-8", "surrogateescape")
        else:
            yield url
