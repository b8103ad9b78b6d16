from __future__ import annotations


class CannotContinue(Exception):
    """What follows a cursor cannot be told without a gap. The message is for whoever reads the feed."""


class Expired(CannotContinue):
    def __init__(self) -> None:
        super().__init__(
            "Events after this cursor have been deleted, because they are older than this service keeps them. Read "
            "again without a cursor to begin with the oldest event that is kept; what is missing before it is in your "
            "manifests."
        )


class Ahead(CannotContinue):
    def __init__(self) -> None:
        super().__init__(
            "This cursor is ahead of all events: the database was restored from an older backup. Read again from an "
            "earlier cursor, or without one."
        )
