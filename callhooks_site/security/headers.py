"""Security headers for every response: pages, API, static files and errors."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

# Only our own files; no inline scripts or styles, no frames, no forms to other sites. Text from receivers, callers and
# forms that is shown on a page can run and load nothing.
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
_HEADERS = {
    "Permissions-Policy": ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
            "microphone", "midi", "payment", "serial", "usb", "xr-spatial-tracking",
        )
    ),
    # Django sets these three as well, but not on responses that are created before its middleware runs.
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    # Search engines must not find pages with tokens in their URL, and no cache may show one user's page to another.
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}  # fmt: skip


def _write(policy: dict[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in policy.items())


_POLICY_OF_MOST = _write(_POLICY)


def browser_rules(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware, outside of Django's own. A view can set one of these headers itself, and can add directives to the
    policy with a dict `csp` on its response."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["Content-Security-Policy"] = (
            _write(_POLICY | response.csp) if hasattr(response, "csp") else _POLICY_OF_MOST
        )
        return response

    return answer
