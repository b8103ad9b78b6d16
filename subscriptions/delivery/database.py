"""What a drain takes for a database that is away."""

from __future__ import annotations

import psycopg
from django.db import InterfaceError, OperationalError

DATABASE_LOST = (OperationalError, InterfaceError, psycopg.OperationalError)
