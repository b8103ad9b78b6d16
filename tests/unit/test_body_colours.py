"""What a page shows of bodies and code is text: nothing in it is taken for HTML, whatever it was made by."""

from __future__ import annotations

import pytest
from django.utils.safestring import mark_safe

from subscriptions.admin.kit.bodies import MOST_COLOURED, colour


@pytest.mark.parametrize(
    "text",
    [
        "<script src='x'></script>",
        mark_safe("<script src='x'></script>"),
        '{"note": "<script>"}',
        mark_safe('["<script>", true, 1]'),
        '{"<script>": ' + "1" * MOST_COLOURED + "}",
    ],
)
def test_nothing_in_it_is_html(text: str) -> None:
    assert "<script" not in colour(text)


def test_the_parts_of_json_have_their_colours() -> None:
    assert colour('{"a": true}') == '{<span class="k">&quot;a&quot;</span>: <span class="w">true</span>}'
