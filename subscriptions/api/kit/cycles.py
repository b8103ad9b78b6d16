"""A request and its body are freed with the answer.

Django REST framework's view, request and answer hold each other, so they stay until Python's garbage collector finds
them: hundreds of bodies of some megabytes each. Nothing needs the view once the answer is written.
"""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response


def free_when_written(response: Any) -> None:
    """Call it when the view needs itself no more: an answer that is written already is freed at once."""
    if isinstance(response, Response):
        response.add_post_render_callback(_free)


def _free(response: Any) -> None:
    context = response.renderer_context
    context["request"].parser_context = {}
    vars(context["view"]).clear()
    response.renderer_context = {}
