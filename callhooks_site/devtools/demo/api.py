"""A client of the public HTTP API."""

from typing import Any

import requests
from urllib3.exceptions import NewConnectionError

from callhooks_site.installation import PROGRAM

from .settings import START_IT

TIMEOUT_SECONDS = 15


class ApiError(Exception):
    """A request without a result; the message is for people."""


class Unreachable(ApiError):
    """No server listens at the API's address."""


class Unanswered(ApiError):
    """Sent, but without a clear response: it may or may not have been carried out."""


class Refused(ApiError):
    """The API refused it (4xx), so nothing was saved."""


class Api:
    """Keeps its connection; use one per thread."""

    def __init__(self, url: str, key: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy and no .netrc between the demo and this machine
        self._session.headers["Authorization"] = f"Bearer {key}"

    def check_reachable(self) -> None:
        """Raises Unreachable when no server listens. Accepts any response."""
        try:
            self._session.get(f"{self._url}/", timeout=TIMEOUT_SECONDS, allow_redirects=False).close()
        except requests.RequestException:
            raise Unreachable(f"Nothing answers at {self._url}. {START_IT}") from None

    def find(self, kind: str, where: dict[str, str]) -> str:
        """The resource id of the only object that these filters find. Raises ApiError."""
        what = f"GET {self._url}/{kind}/"
        try:
            answer = self._session.get(f"{self._url}/{kind}/", params=where, timeout=TIMEOUT_SECONDS)
            found = answer.json()["results"]
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            raise Unanswered(f"{what}: {type(error).__name__}") from None
        if len(found) != 1:
            raise Refused(f"{what}: {len(found)} of {where} instead of one.")
        return str(found[0]["resource_id"])

    def send(self, method: str, kind: str, fields: dict[str, Any], resource_id: str = "") -> str:
        """POST to `kind`/ or PATCH `kind`/`resource_id`/; returns the object's resource id. Raises ApiError."""
        url = f"{self._url}/{kind}/{resource_id}/" if method == "PATCH" else f"{self._url}/{kind}/"
        what = f"{method} {url}"
        try:
            answer = self._session.request(method, url, json=fields, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        except requests.ConnectionError as error:
            if _never_connected(error):
                raise Unreachable(f"Nothing answers at {self._url}. {START_IT}") from None
            raise Unanswered(f"{what}: the connection broke before the answer came") from None
        except requests.Timeout:
            raise Unanswered(f"{what}: no answer within {TIMEOUT_SECONDS} seconds") from None
        except requests.RequestException as error:
            raise Unanswered(f"{what}: {type(error).__name__}") from None
        return _resource_id(what, answer)


def _resource_id(what: str, answer: requests.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        body = None
    if answer.status_code in (200, 201):
        found = body.get("resource_id") if isinstance(body, dict) else None
        if isinstance(found, str) and found:
            return found
        raise Unanswered(f"{what}: answered {answer.status_code} without a resource_id")
    if answer.status_code in (401, 403):
        said = _words(body) or answer.reason
        raise Refused(f"{what}: the API key is refused ({said}). Stop `{PROGRAM} run` and start it again.")
    if 400 <= answer.status_code < 500:
        raise Refused(f"{what}: refused with {answer.status_code}: {_words(body) or answer.reason}")
    raise Unanswered(f"{what}: answered {answer.status_code}. The terminal of `{PROGRAM} run` says more.")


def _words(body: object, limit: int = 300) -> str:
    """An error body in one line: `{"field": ["words"]}` as `field: words`."""
    if isinstance(body, dict):
        text = "; ".join(
            _words(value) if name in ("detail", "non_field_errors") else f"{name}: {_words(value)}"
            for name, value in body.items()
        )
    elif isinstance(body, list):
        text = " ".join(_words(each) for each in body)
    else:
        text = "" if body is None else str(body)
    return text[:limit]


def _never_connected(error: requests.ConnectionError) -> bool:
    """Whether nothing was sent: requests wraps the reason in urllib3's words for "tried in vain"."""
    return bool(error.args) and isinstance(getattr(error.args[0], "reason", None), NewConnectionError)
