"""One import: everything of a company of the vendor's, kind by kind, page by page. Each page is written in one
transaction with how far it has come, so a run that was killed goes on where it was and ends with the same result."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from subscriptions.models import Company

from . import mapping, store
from .client import Page, Refused, VendorClient
from .models import ImportProgress, VendorCompany
from .store import Counts

PER_PAGE = 250
MESSAGES_PER_PAGE = 100
KINDS = ("trackers", "tags", "calls", "forms", "texts", "threads")


class VendorImport:
    def __init__(
        self,
        client: VendorClient,
        vendor: VendorCompany,
        *,
        publish: bool,
        since: str,
        tell: Callable[[str], None],
        progress: Callable[[ImportProgress, int], None],
    ) -> None:
        self.client, self.vendor, self.publish, self.since = client, vendor, publish, since
        self.company: Company = vendor.target
        self._tell, self._progress = tell, progress

    def run(self) -> list[ImportProgress]:
        """What became of each kind. Raises Refused and NoAnswer."""
        self._settings()
        for kind in KINDS:
            progress, _ = ImportProgress.objects.get_or_create(vendor_company=self.vendor, kind=kind)
            if progress.done:
                # What came meanwhile comes too, from where the last run ended.
                progress.done, progress.page = False, 1
            getattr(self, f"_{kind}")(progress)
            progress.done = True
            progress.save(update_fields=["done", "page"])
        return list(self.vendor.progress.filter(kind__in=KINDS).order_by("pk"))

    def _settings(self) -> None:
        """The company's own, once: later they are what somebody here makes of them."""
        progress, _ = ImportProgress.objects.get_or_create(vendor_company=self.vendor, kind="company")
        if progress.done:
            return
        given = self.client.fetch(self._path(f"companies/{self.vendor.company_id}"))
        trackers = [row for page in self._pages("trackers", "trackers", 1) for row in page.rows]
        company = self.company
        company.time_zone = given.get("time_zone") or company.time_zone
        company.transcription_expected = bool(given.get("callscribe_enabled", company.transcription_expected))
        if trackers:
            company.recording_expected = any((row.get("call_flow") or {}).get("recording_enabled") for row in trackers)
        with transaction.atomic():
            company.save(update_fields=["time_zone", "transcription_expected", "recording_expected"])
            progress.done = True
            progress.save()

    # --- kinds ----------------------------------------------------------------------------------------------------
    def _trackers(self, progress: ImportProgress) -> None:
        self._by_page(progress, "trackers", lambda rows: store.store_trackers(self.company, rows))

    def _tags(self, progress: ImportProgress) -> None:
        self._by_page(progress, "tags", lambda rows: store.store_tags(self.company, rows))

    def _calls(self, progress: ImportProgress) -> None:
        self._by_time(
            progress, "calls", "calls", "start_time", mapping.CALL_FIELDS,
            lambda rows: store.store_calls(self.company, rows, publish=self.publish),
        )  # fmt: skip

    def _forms(self, progress: ImportProgress) -> None:
        self._by_time(
            progress, "form_submissions", "form_submissions", "submitted_at", mapping.FORM_FIELDS,
            lambda rows: store.store_forms(self.company, rows, publish=self.publish),
        )  # fmt: skip

    def _texts(self, progress: ImportProgress) -> None:
        began = timezone.now()
        dates = self._dates(progress.reached)
        for page in self._pages("text-messages", "conversations", progress.page, **dates):
            self._conversations(progress, page)
        # A conversation that got a text meanwhile has moved to a page that was read already.
        progress.reached, progress.page = f"{began:%Y-%m-%d}", 1
        for page in self._pages("text-messages", "conversations", 1, start_date=progress.reached):
            self._conversations(progress, page)
        progress.page = 1

    def _threads(self, progress: ImportProgress) -> None:
        try:
            for page in self._pages("sms-threads", "sms_threads", progress.page, **self._both_dates()):
                self._write(progress, page, store.store_threads, self.company, page.rows)
        except Refused as error:
            self._tell(f"Notes of text threads are not brought over: {error}")

    # --- walks ----------------------------------------------------------------------------------------------------
    def _by_page(self, progress: ImportProgress, name: str, write: Callable[[list[Any]], Counts]) -> None:
        for page in self._pages(name, name, progress.page):
            self._write(progress, page, write, page.rows)
        progress.page = 1

    def _by_time(
        self,
        progress: ImportProgress,
        path: str,
        collection: str,
        column: str,
        fields: list[str],
        write: Callable[[list[Any]], Counts],
    ) -> None:
        """From the oldest on, beginning with the time that was reached: what is deleted or arrives at the vendor
        meanwhile moves nothing that is still to come."""
        pages = self._pages(
            path, collection, 1, sort=column, order="asc", fields=",".join(fields), **self._dates(progress.reached)
        )
        for page in pages:
            if page.rows:
                progress.reached = str(page.rows[-1][column])
            self._write(progress, page, write, page.rows)

    def _conversations(self, progress: ImportProgress, page: Page) -> None:
        """Fetched outside of any transaction: the vendor may ask to wait."""
        total = Counts()
        for conversation in page.rows:
            path = self._path(f"text-messages/{conversation['id']}")
            for messages in self.client.pages(path, "messages", per_page=MESSAGES_PER_PAGE):
                counts = store.store_texts(self.company, conversation, messages.rows, publish=self.publish)
                total.new, total.known = total.new + counts.new, total.known + counts.known
                total.wrong += counts.wrong
        self._note(progress, page, total)

    def _write(self, progress: ImportProgress, page: Page, write: Callable[..., Counts], *given: Any) -> None:
        with transaction.atomic():
            self._note(progress, page, write(*given))

    def _note(self, progress: ImportProgress, page: Page, counts: Counts) -> None:
        progress.new += counts.new
        progress.known += counts.known
        progress.wrong += len(counts.wrong)
        progress.page = page.number + 1
        progress.save()
        for words in counts.wrong:
            self._tell(words)
        self._progress(progress, page.total)

    def _pages(self, name: str, collection: str, first: int, **params: Any) -> Any:
        params = {"company_id": self.vendor.company_id, "per_page": PER_PAGE, **params}
        return self.client.pages(self._path(name), collection, first=first, **params)

    def _path(self, name: str) -> str:
        return f"a/{self.vendor.account_id}/{name}.json"

    def _both_dates(self) -> dict[str, str]:
        """For the threads, which the vendor lists with both dates or a range only."""
        dates = self._dates("")
        return {**dates, "end_date": f"{timezone.now() + timedelta(days=1):%Y-%m-%d}"} if self.since else dates

    def _dates(self, reached: str) -> dict[str, str]:
        if reached:
            return {"start_date": reached}
        return {"start_date": self.since} if self.since else {"date_range": "all_time"}
