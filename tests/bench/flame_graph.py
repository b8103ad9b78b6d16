"""Where the web's time goes when a form comes in, as a picture: the requests of `./dev bench path`, in one process.

python -m tests.bench.flame_graph FILE.svg     (samples of CPU time; as wide as its share)
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any
from xml.sax.saxutils import escape

from tests.bench.request_load import steps
from tests.bench.workspace import bench_workspace, use

FORMS = 3000
WARM_UP = 200
EVERY_SECONDS = 0.002
COMPANIES = 100
WIDTH, ROW, DEEPEST = 1200, 17, 30
LEAST = 0.006  # narrower frames are left out
LETTER = 6.2
OURS = {"subscriptions", "calls", "forms_intake", "callhooks_site", "messaging"}
COLOURS = {"ours": "#9fc5e8", "psycopg": "#b6d7a8", "else": "#e4e4e4"}
VIEW = "BaseHandler._get_response"  # what is above it are the layers of middleware, of one frame each
OUTSIDE = ("django", "middleware (around the view)")
Stack = tuple[tuple[str, str], ...]  # (package, function) from the view inwards


class Sampler:
    def __init__(self, root: str) -> None:
        self.stacks: Counter[Stack] = Counter()
        self._root = root

    def start(self) -> None:
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, EVERY_SECONDS, EVERY_SECONDS)

    def stop(self) -> None:
        signal.setitimer(signal.ITIMER_PROF, 0)

    def _sample(self, _: int, frame: FrameType | None) -> None:
        stack: list[tuple[str, str]] = []
        inside: list[tuple[str, str]] = [OUTSIDE]
        while frame is not None and frame.f_code.co_qualname != self._root:
            if frame.f_code.co_qualname == VIEW:
                inside = [*stack]
            module = str(frame.f_globals.get("__name__", ""))
            stack.append((module.partition(".")[0], f"{frame.f_code.co_qualname} ({module})"))
            frame = frame.f_back
        if frame is not None:
            self.stacks[tuple(reversed(inside))] += 1


def draw(stacks: Counter[Stack], title: str) -> str:
    """An SVG whose frames hang below their callers."""
    total = sum(stacks.values())
    parts = [f'<text x="4" y="14" font-weight="bold">{escape(title)}</text>']
    deepest = 1

    def place(rows: Counter[Stack], depth: int, left: float) -> None:
        nonlocal deepest
        heads: Counter[tuple[str, str]] = Counter()
        for stack, count in rows.items():
            if len(stack) > depth:
                heads[stack[depth]] += count
        for head, count in sorted(heads.items()):
            width = WIDTH * count / total
            if count / total >= LEAST and depth < DEEPEST:
                deepest = max(deepest, depth + 1)
                parts.append(_frame(head, left, depth, width, count / total))
                below = Counter({s: n for s, n in rows.items() if len(s) > depth and s[depth] == head})
                place(below, depth + 1, left)
            left += width

    place(stacks, 0, 0.0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {(deepest + 1) * ROW + 8}" '
        f'font-family="sans-serif" font-size="11">\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _frame(head: tuple[str, str], left: float, depth: int, width: float, share: float) -> str:
    package, name = head
    colour = COLOURS["ours" if package in OURS else package if package in COLOURS else "else"]
    words = name.partition(" (")[0].rpartition("<locals>.")[2][: max(0, int((width - 6) / LETTER))]
    top = (depth + 1) * ROW + 4
    return (
        f'<g><title>{escape(name)}: {share:.1%}</title><rect x="{left:.1f}" y="{top}" width="{width:.1f}" '
        f'height="{ROW - 1}" fill="{colour}"/><text x="{left + 3:.1f}" y="{top + 12}">{escape(words)}</text></g>'
    )


def _requests(application: Any, keys: list[tuple[str, str]]) -> Iterator[None]:
    number = 0
    while True:
        key, tracker = keys[number % len(keys)]
        number += 1
        for step in steps("form", tracker):
            raw = json.dumps(step.body).encode()
            environ = {
                "REQUEST_METHOD": step.method, "PATH_INFO": step.path, "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "80",
                "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1",
                "HTTP_AUTHORIZATION": f"Bearer {key}", "CONTENT_TYPE": "application/json",
                "CONTENT_LENGTH": str(len(raw)), "wsgi.input": io.BytesIO(raw), "wsgi.url_scheme": "http",
                "wsgi.errors": sys.stderr,
            }  # fmt: skip
            statuses: list[str] = []
            answer = application(environ, lambda status, headers, to=statuses: to.append(status))
            b"".join(answer)
            answer.close()
            if not statuses[0].startswith("201"):
                raise RuntimeError(statuses[0])
        yield


def main(file: str) -> None:
    with bench_workspace() as workspace:
        from django.conf import settings
        from django.core.wsgi import get_wsgi_application

        from tests.bench.path import _companies

        settings.SECURE_SSL_REDIRECT, settings.ALLOWED_HOSTS = False, ["127.0.0.1"]
        database = workspace.database("flame")
        use(database)
        os.environ["DATABASE_URL"] = workspace.databases.url_of(database)
        requests = _requests(get_wsgi_application(), _companies("http://127.0.0.1:9", COMPANIES))
        for _ in range(WARM_UP):
            next(requests)
        sampler = Sampler("_requests")
        begun = time.process_time()
        sampler.start()
        for _ in range(FORMS):
            next(requests)
        sampler.stop()
        milliseconds = (time.process_time() - begun) * 1000 / FORMS
    title = f"One form in the web server: {milliseconds:.2f} ms of CPU (blue: ours, green: psycopg, grey: frameworks)"
    Path(file).write_text(draw(sampler.stacks, title))


if __name__ == "__main__":
    main(sys.argv[1])
