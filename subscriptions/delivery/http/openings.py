"""Requests that found no kept connection: each waits for the addresses of its host, and over TLS for its turn.

A TLS handshake takes a millisecond of CPU. If thousands began together, none would be done before its time was up; so
some begin with each turn of the loop, one of each tenant after the other, and the work itself sets the pace.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from .addresses import Address
from .destinations import judged, known_addresses
from .failures import SendFailed, seconds
from .fair_queue import FairQueue
from .lookups import Lookups, Resolve
from .transfer import Transfer

HANDSHAKES_A_TURN = 32
NO_LOOKUP = SendFailed("shortage", "This service had too many host names to look up at that moment.")
NO_TURN = SendFailed("shortage", "This service had too many connections to open at that moment.")


class Openings:
    """`ask` for a transfer; it comes out of `ready` or of `failed`. `fileno()` is readable when names were found."""

    def __init__(self, resolve: Resolve, connect_timeout: float) -> None:
        """At most `connect_timeout` seconds after it was begun a transfer has its addresses and its turn."""
        self._lookups = Lookups(resolve)
        self._connect_timeout = connect_timeout
        self._looking: set[Transfer] = set()
        self._waiting: dict[Transfer, tuple[Sequence[Address], float]] = {}  # and when they were known
        self._turns: FairQueue[Transfer] = FairQueue()
        self._ready: list[Transfer] = []
        self._failed: list[tuple[Transfer, SendFailed]] = []

    def fileno(self) -> int:
        return self._lookups.fileno()

    @property
    def has_work(self) -> bool:
        return bool(self._ready or self._failed or self._waiting)

    def ask(self, transfer: Transfer) -> None:
        route = transfer.route
        assert route is not None
        try:
            known = known_addresses(route.host, route.allowed)
        except SendFailed as failure:
            self._failed.append((transfer, failure))
            return
        if known:
            self._on_found(transfer, known)
        else:
            self._looking.add(transfer)
            self._lookups.ask(route.tenant, route.host, transfer)

    def collect(self) -> None:
        """Names that were found."""
        for found in self._lookups.collect():
            for asker in found.waiting:
                assert isinstance(asker, Transfer)
                assert asker.route is not None
                self._looking.discard(asker)
                try:
                    if found.addresses is None:
                        raise NO_LOOKUP
                    self._on_found(asker, judged(found.addresses, asker.route.allowed))
                except SendFailed as failure:
                    self._failed.append((asker, failure))

    def ready(self) -> list[Transfer]:
        """Transfers that libcurl can have again."""
        for _ in range(min(HANDSHAKES_A_TURN, len(self._waiting))):
            transfer = self._turns.pop()
            transfer.resume(*self._waiting.pop(transfer))
            self._ready.append(transfer)
        ready, self._ready = self._ready, []
        return ready

    def failed(self) -> list[tuple[Transfer, SendFailed]]:
        failed, self._failed = self._failed, []
        return failed

    def end_late(self, now: float) -> None:
        """Those whose time is up have failed."""
        begun_by = now - self._connect_timeout
        for transfer in [each for each in self._looking if each.started < begun_by]:
            self._looking.discard(transfer)
            self._failed.append((transfer, self._why_not_found(transfer)))
        for transfer in [each for each in self._waiting if each.started < begun_by]:
            assert transfer.route is not None
            self._turns.remove(transfer.route.tenant, transfer)
            del self._waiting[transfer]
            self._failed.append((transfer, NO_TURN))

    def close(self) -> None:
        self._lookups.close()

    def _on_found(self, transfer: Transfer, addresses: Sequence[Address]) -> None:
        assert transfer.route is not None
        now = time.monotonic()
        if transfer.is_tls:
            self._waiting[transfer] = addresses, now
            self._turns.push(transfer.route.tenant, transfer)
        else:
            transfer.resume(addresses, now)
            self._ready.append(transfer)

    def _why_not_found(self, transfer: Transfer) -> SendFailed:
        route = transfer.route
        assert route is not None
        if not self._lookups.give_up(route.tenant, route.host, transfer):
            return NO_LOOKUP
        return SendFailed(
            "dns_timeout", f"The host name could not be looked up within {seconds(self._connect_timeout)}."
        )
