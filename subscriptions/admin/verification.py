"""The verification code of docs/verify, ready to paste, for a subscription."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path

from .kit.buttons import ButtonsAdmin


@dataclass(frozen=True)
class Snippet:
    """`usage` shows how a server calls the function, with both secrets from its environment."""

    language: str
    file: str
    harness: str  # first line of the part that runs the function as a script
    usage: str


_SNIPPETS = (
    Snippet(
        "Python",
        "verify.py",
        '\n\nif __name__ == "__main__":',
        "import os\n\n# In Django; in Flask it is request.get_data() instead of request.body.\n"
        'verify(request.body, request.headers, os.environ["SIGNING_KEY"], os.environ["WEBHOOK_SECRET"])',
    ),
    Snippet(
        "Node",
        "verify.mjs",
        "\nif (process.argv[1]",
        '// In Express, with express.raw({ type: "application/json" }).\n'
        "verify(req.body, req.headers, process.env.SIGNING_KEY, process.env.WEBHOOK_SECRET);",
    ),
    Snippet(
        "PHP",
        "verify.php",
        "\nif (PHP_SAPI",
        "verify(file_get_contents('php://input'), getallheaders(), getenv('SIGNING_KEY'), getenv('WEBHOOK_SECRET'));",
    ),
    Snippet(
        "Ruby",
        "verify.rb",
        "\nif $PROGRAM_NAME",
        "# In Rails.\n"
        "names = %w[Signature webhook-id webhook-timestamp webhook-signature]\n"
        "headers = names.to_h { |name| [name, request.headers[name].to_s] }\n"
        'verify(request.raw_post, headers, ENV.fetch("SIGNING_KEY"), ENV.fetch("WEBHOOK_SECRET"))',
    ),
)


@lru_cache(maxsize=1)
def snippets() -> list[dict[str, str]]:
    """`language`, `code` and `usage` of each. `code` is the file without its script part."""
    return [
        {"language": one.language, "code": _function(one), "usage": one.usage, "id": f"code-{one.language.lower()}"}
        for one in _SNIPPETS
    ]


def _function(snippet: Snippet) -> str:
    text = (settings.BASE_DIR / "docs" / "verify" / snippet.file).read_text("utf-8")
    function, found, _ = text.partition(snippet.harness)
    if not found:
        raise ValueError(f"docs/verify/{snippet.file} has no line that begins with {snippet.harness.strip()!r}.")
    return function.strip() + "\n"


class VerifyingAdmin(ButtonsAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.verify_view)
        return [path("<path:object_id>/verify/", view, name=self._url("verify")), *super().get_urls()]

    def verify_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        if obj is None or not self.has_view_permission(request, obj):
            raise Http404("There is no such subscription.")
        if (refused := self.refuse_unless_read(request, obj)) is not None:
            return refused
        context = {
            "title": f"Check signatures: {obj}",
            "snippets": snippets(),
            "may_reveal": self.has_operate_permission(request, obj),
        }
        return self.render_page(request, obj, "verify.html", context)
