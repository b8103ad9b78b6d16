"""What a subscriber's server asks for besides the signatures: headers of its own; a login, a token, or an OAuth client
to get one with; and a client certificate. Pure."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from .http.header_rules import HeaderRefused, check_headers
from .masking import MASK
from .oauth import IN_BODY, IN_HEADER, LONGEST_VALUE, Client

LONGEST_LOGIN = 255
LONGEST_TOKEN = 2048
NOTHING_STORED = f"{MASK} stands for a value that is stored, and none is. Enter it."

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# RFC 6750 has fewer characters; what matters is that the header stays one header with one value.
_TOKEN = re.compile(r"[\x21-\x7e]+")


class CredentialsRefused(ValueError):
    """Credentials that are not saved. `name` is the field, the text says what to change."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Credentials:
    """`headers` are the subscriber's own; basic authentication if there is a `user` or a `password`, else the bearer
    `token`, if any. Values are never shown again."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)  # with its key: client_certificates.py makes it
    client: Client | None = None  # of OAuth 2.0, to get a token with; `token` is then that one, when it is sent

    def __bool__(self) -> bool:
        return bool(self.headers or self.scheme or self.certificate)

    @property
    def scheme(self) -> str:
        """`basic`, `oauth2`, `bearer`, or nothing."""
        if self.user or self.password:
            return "basic"
        return "oauth2" if self.client is not None else "bearer" if self.token else ""

    def checked(self) -> Credentials:
        """As they are saved and sent. Raises CredentialsRefused."""
        values = {"auth_user": self.user, "auth_password": self.password, "auth_token": self.token}
        values["client_certificate"] = self.certificate
        values |= {"custom_headers": MASK if MASK in self.headers.values() else ""}
        for name, value in values.items():
            if value == MASK:
                raise CredentialsRefused(name, NOTHING_STORED)
        try:
            headers = check_headers(self.headers)
        except HeaderRefused as error:
            raise CredentialsRefused("custom_headers", str(error)) from None
        _check_login(self.user, self.password)
        if self.token and not (len(self.token) <= LONGEST_TOKEN and _TOKEN.fullmatch(self.token)):
            raise CredentialsRefused(
                "auth_token", f"A token is ASCII without blanks, at most {LONGEST_TOKEN} characters, without “Bearer”."
            )
        if self.token and (self.user or self.password):
            raise CredentialsRefused("auth_token", "Give a user and password or a token, not both.")
        if self.client is not None and (self.token or self.user or self.password):
            raise CredentialsRefused("oauth_token_url", "Give a login, a token, or an OAuth client: one of them.")
        _check_client(self.client)
        if self.scheme and any(name.lower() == "authorization" for name in headers):
            raise CredentialsRefused(
                "custom_headers", "The Authorization header is made from the login or token. Take one of the two out."
            )
        return replace(self, headers=headers)

    def kept(self, stored: Credentials) -> Credentials:
        """With what is stored in the place of values that were given as the mask they are shown as."""
        names = {name.lower(): value for name, value in stored.headers.items()}
        return Credentials(
            {
                name: names.get(str(name).lower(), value) if value == MASK else value
                for name, value in self.headers.items()
            },
            (stored.user or MASK) if self.user == MASK else self.user,
            (stored.password or MASK) if self.password == MASK else self.password,
            (stored.token or MASK) if self.token == MASK else self.token,
            (stored.certificate or MASK) if self.certificate == MASK else self.certificate,
            _kept_client(self.client, stored.client),
        )

    def masked(self) -> Credentials:
        """As they are shown. A user without a password is a key, and as secret as one."""
        return Credentials(
            dict.fromkeys(self.headers, MASK),
            self.user if self.password else self.user and MASK,
            self.password and MASK,
            self.token and MASK,
            self.certificate and MASK,
            self.client and replace(self.client, client_secret=MASK),
        )

    def sent(self) -> dict[str, str]:
        """The request headers that they make."""
        if self.scheme == "basic":
            return {**self.headers, "Authorization": f"Basic {self._login()}"}
        return {**self.headers, "Authorization": f"Bearer {self.token}"} if self.token else dict(self.headers)

    def shown(self) -> dict[str, str]:
        """The same headers as people see them."""
        headers = dict(self.masked().headers)
        kind = {"basic": "Basic", "bearer": "Bearer", "oauth2": "Bearer"}.get(self.scheme)
        return {**headers, "Authorization": f"{kind} {MASK}"} if kind else headers

    def secrets(self) -> list[str]:
        """What is to be masked where a receiver sends it back."""
        login = [self.password or self.user, self._login()] if self.scheme == "basic" else []
        if self.client is not None:
            login.append(self.client.client_secret)
        # A custom Authorization header is a scheme and a secret; either half may come back alone.
        parts = [value.rpartition(" ")[2] for value in self.headers.values()]
        return [secret for secret in (*login, self.token, *self.headers.values(), *parts) if secret]

    def _login(self) -> str:
        return base64.b64encode(f"{self.user}:{self.password}".encode()).decode("ascii")


def _kept_client(given: Client | None, stored: Client | None) -> Client | None:
    if given is None or given.client_secret != MASK or stored is None:
        return given
    return replace(given, client_secret=stored.client_secret)


def _check_client(client: Client | None) -> None:
    if client is None:
        return
    for name in ("client_id", "client_secret"):
        text = getattr(client, name)
        if text == MASK:
            raise CredentialsRefused(f"oauth_{name}", NOTHING_STORED)
        if not text:
            raise CredentialsRefused(f"oauth_{name}", "An OAuth client needs a token URL, a client id and a secret.")
    for name in ("client_id", "client_secret", "scope", "audience"):
        text = getattr(client, name)
        if len(text) > LONGEST_VALUE or _CONTROL.search(text):
            raise CredentialsRefused(f"oauth_{name}", f"At most {LONGEST_VALUE} characters, and no line ends or tabs.")
    if client.sends_in not in (IN_HEADER, IN_BODY):
        raise CredentialsRefused("oauth_sends_in", f"Choose {IN_HEADER} or {IN_BODY}.")


def _check_login(user: str, password: str) -> None:
    for name, text in (("auth_user", user), ("auth_password", password)):
        if len(text) > LONGEST_LOGIN or _CONTROL.search(text):
            raise CredentialsRefused(name, f"At most {LONGEST_LOGIN} characters, and no line ends or tabs.")
    if ":" in user:
        raise CredentialsRefused("auth_user", "A user name for basic authentication cannot hold a colon.")
