"""Of several servers that the database's URL names, the one that took writes last is tried first.

libpq tries them in the order of the URL. While the first one is off the network, each new connection would wait for it
before it tries the next: seconds, for each thread of each process.
"""

from __future__ import annotations

from typing import Any

_last: tuple[str, str] | None = None


def note(host: str, port: int | str) -> None:
    """A connection to this server could be opened."""
    global _last
    _last = (host, str(port))


def forget() -> None:
    global _last
    _last = None


def put_last_good_first(parameters: dict[str, Any]) -> dict[str, Any]:
    """The same arguments of `psycopg.connect`, with their hosts in another order. Only where several are named, each
    with its port or all with the same."""
    hosts = str(parameters.get("host", "")).split(",")
    ports = str(parameters.get("port", "")).split(",")
    if len(hosts) < 2 or _last is None or "hostaddr" in parameters:
        return parameters
    pairs = list(zip(hosts, ports * len(hosts) if len(ports) == 1 else ports, strict=False))
    if _last not in pairs:
        return parameters
    ordered = [_last, *(pair for pair in pairs if pair != _last)]
    return {**parameters, "host": ",".join(host for host, _ in ordered), "port": ",".join(port for _, port in ordered)}
