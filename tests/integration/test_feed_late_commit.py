"""An event whose transaction commits late is never passed by the feed."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from tests.support.api import program
from tests.support.factories import make_call, make_company, make_tracker
from tests.support.feed import read, told

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]


class OpenTransaction:
    """Publishes an event in a thread, and commits when it is told to."""

    def __init__(self, company, tracker):
        self._published, self._commit = threading.Event(), threading.Event()
        self._work = company, tracker
        self.subject = ""
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        assert self._published.wait(120)
        return self

    def _run(self):
        try:
            with transaction.atomic():
                self.subject = make_call(*self._work, customer_phone_number="+12145550101").resource_id
                self._published.set()
                assert self._commit.wait(120)
        finally:
            connection.close()

    def commit(self):
        self._commit.set()
        self._thread.join(120)
        assert not self._thread.is_alive()

    def __exit__(self, *_):
        self.commit()


def test_the_reader_waits_for_the_earlier_transaction():
    company = make_company()
    tracker, api = make_tracker(company), program(company, ["read"])
    first = make_call(company, tracker)
    page = read(api)
    assert told(page) == [(first.resource_id, "pre_call")]
    with OpenTransaction(company, tracker) as earlier:
        later = make_call(company, tracker)  # begins later, commits first
        page = read(api, after=page["cursor"])
        assert page["results"] == []
        # Nor does a place at the end pass it, as one gets it without a cursor.
        newest = read(api, after="latest")["cursor"]
        earlier.commit()
        both = [(earlier.subject, "pre_call"), (later.resource_id, "pre_call")]
        assert told(read(api, after=page["cursor"])) == both
        assert told(read(api, after=newest)) == both
