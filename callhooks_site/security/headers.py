"""What browsers may do with our answers: on every one of them, pages, API, files and errors alike."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

# Nothing but our own files, no inline script, no inline style, no frames, no forms to elsewhere. Whatever a receiver, a
# caller or a form put into a page runs nothing and loads nothing.
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
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
    # The first three are Django's own as well, but not on answers that are made before its middleware.
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    # Pages with keys in their address must not be found, and what is shown to one person is not for the next.
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
}  # fmt: skip


def browser_rules(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """The outermost middleware. A view that sets one of the headers keeps its own; the directives that it sets as `csp`
    on its response are added to the policy for this page."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        policy = _POLICY | getattr(response, "csp", {})
        response.headers["Content-Security-Policy"] = "; ".join(f"{name} {value}" for name, value in policy.items())
        return response

    return answer
