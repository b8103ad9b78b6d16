"""Search in the guide, by words: sections that have all of them, those with the words in their heading first."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from .books import Book
from .rendering import Section, render

MOST_FOUND = 30
LONGEST_QUERY = 200
AROUND = 90  # characters of the excerpt on each side of the first word


@dataclass(frozen=True)
class Hit:
    book: Book
    anchor: str
    heading: str
    excerpt: SafeString


def search(query: str, books: list[Book]) -> list[Hit]:
    words = query[:LONGEST_QUERY].casefold().split()
    if not words:
        return []
    found: list[tuple[tuple[bool, int, int], Hit]] = []
    for place, book in enumerate(books):
        for section in render(book).sections:
            where = f"{section.heading.text} {section.text}".casefold()
            if all(word in where for word in words):
                named = all(word in section.heading.text.casefold() for word in words)
                often = sum(where.count(word) for word in words)
                anchor = section.heading.anchor if section.heading.level > 1 else ""
                hit = Hit(book, anchor, section.heading.text, _excerpt(section, words))
                found.append(((not named, place, -often), hit))
    return [hit for _, hit in sorted(found, key=lambda each: each[0])[:MOST_FOUND]]


def _excerpt(section: Section, words: list[str]) -> SafeString:
    """The words with some text around them, marked."""
    text = re.sub(r"\s+", " ", section.text)
    first = min((place for word in words if (place := text.casefold().find(word)) >= 0), default=0)
    begin, end = max(0, first - AROUND), first + AROUND
    shown = ("…" if begin else "") + text[begin:end].strip() + ("…" if end < len(text) else "")
    pattern = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    # Every second piece is a word. Each is escaped by itself: “amp” is no part of what stands for an ampersand.
    pieces = re.split(f"({pattern})", shown, flags=re.IGNORECASE)
    return mark_safe("".join(f"<mark>{escape(one)}</mark>" if n % 2 else escape(one) for n, one in enumerate(pieces)))
