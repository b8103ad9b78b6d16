"""What a certificate has in the place of a person: hashes that only this installation can make."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from .contacts import Contacts
from .models import PersonKey


def hashes_of(company: int, contacts: Contacts) -> list[str]:
    """HMAC-SHA-256 of each number (E.164) and address (lower case), in hex. Without the key nobody can try all
    numbers."""
    key, _ = PersonKey.objects.get_or_create(company_id=company, defaults={"secret": secrets.token_hex(32)})
    return sorted(hmac.digest(key.secret.encode(), one.encode(), hashlib.sha256).hex() for one in contacts.all)
