"""The capture script, served at a URL that contains its hash, so that browsers can cache and verify it.

Pages name the script with its hash, so every released version must stay available unchanged: a new version is a new
file in `capture/`, and the old files stay. `./dev capture` writes it from its parts (`script_source`).
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha384

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from . import script_source


@dataclass(frozen=True)
class Script:
    content: bytes

    @property
    def name(self) -> str:
        return f"capture.{sha384(self.content).hexdigest()[:20]}.js"

    @property
    def integrity(self) -> str:
        return f"sha384-{b64encode(sha384(self.content).digest()).decode()}"

    @property
    def url(self) -> str:
        return settings.PUBLIC_URL + reverse("capture-script", args=[self.name])


@cache
def list_versions() -> list[Script]:
    """Oldest first."""
    return [Script(file.read_bytes()) for file in script_source.list_files()]


def build_script_tag(public_key: str) -> str:
    """The HTML tag that a page needs."""
    script = list_versions()[-1]
    tag = '<script src="{}" integrity="{}" crossorigin="anonymous" data-key="{}" defer></script>'
    return format_html(tag, script.url, script.integrity, public_key)


@require_safe
def capture_script(request: HttpRequest, name: str) -> HttpResponse:
    script = next((one for one in list_versions() if one.name == name), None)
    if script is None:
        raise Http404("There is no such script. Copy the tag from the source's page again.")
    return HttpResponse(
        script.content,
        content_type="text/javascript; charset=utf-8",
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            # A browser can verify the hash only of a response that it may read.
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )
