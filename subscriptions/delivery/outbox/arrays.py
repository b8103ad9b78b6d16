"""Array literals of PostgreSQL, made in one go: psycopg's own way adapts each element for itself, at ten times the
cost, and a batch of outcomes has thousands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from json.encoder import encode_basestring_ascii as quoted
from uuid import UUID


def numbers(values: Iterable[float | None]) -> str:
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"


def booleans(values: Iterable[bool]) -> str:
    return "{" + ",".join("t" if value else "f" for value in values) + "}"


def uuids(values: Iterable[UUID | None]) -> str:
    return "{" + ",".join("NULL" if value is None else value.hex for value in values) + "}"


def texts(values: Iterable[str]) -> str:
    return "{" + ",".join('"' + value.replace("\\", r"\\").replace('"', r"\"") + '"' for value in values) + "}"


def blobs(values: Iterable[bytes]) -> str:
    return "{" + ",".join(rf'"\\x{value.hex()}"' for value in values) + "}"


def pairs(values: Iterable[Sequence[tuple[str, str]]]) -> str:
    """Lists of pairs, such as headers, as JSON: half the cost of json.dumps for each."""
    return texts([f"[{','.join([f'[{quoted(name)},{quoted(value)}]' for name, value in one])}]" for one in values])
