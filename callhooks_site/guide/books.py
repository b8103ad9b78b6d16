"""Which of the docs are pages of the guide, and where their files are. Nothing else reads the folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from callhooks_site.installation import ROOT

DOCS = ROOT / "docs"
PICTURES = DOCS / "images"


@dataclass(frozen=True)
class Book:
    """A page of the guide. `name`: in its address. `file`: below docs/."""

    name: str
    file: str
    title: str
    about: str
    group: str
    operators: bool = False

    @property
    def path(self) -> Path:
        return DOCS / self.file


_YOU, _SOURCES, _PROGRAMS, _OPERATORS = "Your work", "Bring it in", "For your developer", "For operators"
BOOKS = (
    Book("guide", "guide.md", "Guide", "Each task step by step, with pictures.", _YOU),
    Book("troubleshooting", "troubleshooting.md", "Troubleshooting", "What you see, what it means, what to do.", _YOU),
    Book("activity", "activity.md", "Activity", "Find a call, a text or a form; save a view.", _YOU),
    Book(
        "receivers-without-code", "receivers-without-code.md", "Receivers without code",
        "Zapier, Make, n8n, HubSpot: what to paste where.", _YOU,
    ),
    Book("events", "events.md", "Events", "What each event means and when it is sent.", _YOU),
    Book("forms", "forms.md", "Website forms", "Connect the forms of your web site.", _SOURCES),
    Book("providers", "providers.md", "Phone systems", "Connect Twilio or SignalWire.", _SOURCES),
    Book("import", "import.md", "Import", "Bring past calls, texts and forms in from a file.", _SOURCES),
    Book(
        "moving-from-callrail", "moving-from-callrail.md", "Moving from CallRail",
        "Bring clients and data over from CallRail.", _SOURCES,
    ),
    Book("privacy", "privacy.md", "A person’s data", "Erase a person, or hand out what there is.", _YOU),
    Book("verify", "verify/README.md", "Check signatures", "Code that checks a webhook, to paste.", _PROGRAMS),
    Book("api", "api.md", "The API", "Report calls, texts and forms; read the log.", _PROGRAMS),
    Book("settings", "settings.md", "Settings", "Each variable with its default.", _OPERATORS, True),
    Book("deployment", "deployment.md", "Deployment", "Install, upgrade, back up, watch.", _OPERATORS, True),
    Book("upgrading", "upgrading.md", "Upgrading", "With a stop, or without one.", _OPERATORS, True),
    Book("monitoring", "monitoring.md", "Monitoring", "Metrics, alerts and logs.", _OPERATORS, True),
    Book("scaling", "scaling.md", "Scaling", "What it costs, and what to do when it grows.", _OPERATORS, True),
    Book("containers", "containers.md", "Containers", "An image, and compose.yaml.", _OPERATORS, True),
    Book("security", "security.md", "Security", "What is promised, and what is not.", _OPERATORS, True),
)  # fmt: skip
_BY_NAME = {book.name: book for book in BOOKS}
_BY_FILE = {book.path: book for book in BOOKS}


def find(name: str, *, operator: bool) -> Book | None:
    book = _BY_NAME.get(name)
    return book if book is not None and (operator or not book.operators) else None


def offered(*, operator: bool) -> list[Book]:
    return [book for book in BOOKS if operator or not book.operators]


def book_at(path: Path) -> Book | None:
    """The page that a file is, if it is one."""
    return _BY_FILE.get(path)


def read(book: Book) -> str:
    return book.path.read_text("utf-8")


def picture(name: str) -> Path | None:
    """A picture of the docs by its name: one that is in the folder, and nothing beside it."""
    return next((path for path in PICTURES.iterdir() if path.name == name and path.suffix in (".png", ".svg")), None)
