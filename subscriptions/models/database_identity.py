from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class DatabaseIdentity(models.Model):
    """One row: the database that may send, written at the first start and by `manage.py release`. A copy brings the row
    along and finds that it describes another one (`maintenance/copies.py`)."""

    system_identifier = models.BigIntegerField()  # of the server's data, made by initdb; 0: the server does not say
    database_oid = models.BigIntegerField()
    timeline = models.BigIntegerField()  # of the server's log; 0: the server does not say
    # Of this table: it is another one once the table was dropped and made anew. None: of a release that did not ask.
    table_oid = models.BigIntegerField(null=True)
    address = models.CharField(max_length=255)  # the host of PUBLIC_URL
    released_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.address}, database {self.database_oid} of {self.system_identifier}"
