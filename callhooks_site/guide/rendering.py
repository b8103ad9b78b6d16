"""Markdown to HTML. Raw HTML in a document is shown as text, links between documents lead to their pages, headings have
the anchors that GitHub would give them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

from . import books


@dataclass(frozen=True)
class Heading:
    level: int
    anchor: str
    text: str


@dataclass(frozen=True)
class Section:
    """A heading and the words below it, up to the next one."""

    heading: Heading
    text: str


@dataclass(frozen=True)
class Rendered:
    html: SafeString
    headings: tuple[Heading, ...]
    sections: tuple[Section, ...]


def render(book: books.Book) -> Rendered:
    return _render(book, book.path.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def _render(book: books.Book, changed: int) -> Rendered:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    _frame_tables_and_code(parser)
    tokens = parser.parse(books.read(book))
    sections = tuple(_mark_headings(tokens))
    _lead_links(tokens, book)
    # The first heading is the page's title, which the admin shows itself.
    body = tokens[3:] if tokens and tokens[0].tag == "h1" else tokens
    html = parser.renderer.render(body, parser.options, {})
    headings = tuple(section.heading for section in sections if section.heading.level > 1)
    return Rendered(mark_safe(html), headings, sections)


def _mark_headings(tokens: Sequence[Token]) -> Iterator[Section]:
    """Give each heading its anchor. Yields all sections, with their words for the search."""
    heading = Heading(1, "", "")
    words: list[str] = []
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            if heading.text:
                yield Section(heading, " ".join(words))
            text, words = _plain(tokens[number + 1]), []
            heading = Heading(int(token.tag[1]), anchor_of(text), text)
            token.attrSet("id", heading.anchor)
        elif token.type == "inline" and tokens[number - 1].type != "heading_open":
            words.append(_plain(token))
        elif token.type == "fence":
            words.append(token.content)
    if heading.text:
        yield Section(heading, " ".join(words))


def anchor_of(text: str) -> str:
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def _plain(token: Token) -> str:
    return "".join(_texts(token.children or ())).strip()


def _texts(tokens: Sequence[Token]) -> Iterator[str]:
    for each in tokens:
        if each.type in ("text", "code_inline"):
            yield each.content
        elif each.type in ("softbreak", "hardbreak"):
            yield " "
        elif each.type == "image":
            yield each.content


def _lead_links(tokens: Sequence[Token], book: books.Book) -> None:
    for token in tokens:
        for child in token.children or ():
            if child.type == "image":
                source = Path(str(child.attrGet("src")))
                child.attrSet("src", reverse("admin:guide_picture", args=[source.name]))
                child.attrSet("loading", "lazy")
            elif child.type == "link_open":
                _lead(child, str(child.attrGet("href")), book)


def _lead(link: Token, target: str, book: books.Book) -> None:
    if re.match(r"[a-z]+:", target):
        link.attrSet("rel", "noreferrer noopener")
        return
    path, _, fragment = target.partition("#")
    if not path:
        return
    found = books.book_at((book.path.parent / unquote(path)).resolve())
    if found is not None:
        link.attrSet("href", reverse("admin:guide_page", args=[found.name]) + (f"#{fragment}" if fragment else ""))
    elif path.endswith("openapi.json"):
        link.attrSet("href", reverse("api-docs"))
    else:  # a file of the repository: its name is shown, and leads nowhere from here
        link.attrs.pop("href")


def _frame_tables_and_code(parser: MarkdownIt) -> None:
    """Both scroll by themselves, also by the keyboard."""
    rules: dict[str, Callable[..., str]] = parser.renderer.rules
    rules["table_open"] = _always('<div class="table-wrap" tabindex="0" role="region" aria-label="Table"><table>\n')
    rules["table_close"] = _always("</table></div>\n")
    rules["fence"] = _code
    rules["code_block"] = _code


def _always(html: str) -> Callable[..., str]:
    return lambda *_: html


def _code(tokens: Sequence[Token], number: int, *_: Any) -> str:
    return f'<div class="code"><pre tabindex="0">{escape(tokens[number].content)}</pre></div>\n'
