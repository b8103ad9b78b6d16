"""What is done after a commit by one statement that does no harm if it is lost, such as a NOTIFY: it can be sent along
with the commit. PostgreSQL runs it in a transaction of its own after that, and not at all if the commit fails."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence


class BesideCommit(ABC):
    """An `on_commit` hook. The database's backend sends its statement, where it can, and sets `is_sent`; it is called
    in any case, and has to run the statement itself if that was not sent or has failed."""

    is_sent = False

    @abstractmethod
    def statement(self) -> tuple[str, Sequence[str]]:
        """A SELECT with `%s` for its values, which are texts; another `%` is written twice."""

    @abstractmethod
    def __call__(self) -> None: ...
