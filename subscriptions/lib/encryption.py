"""Encryption of stored secrets with MultiFernet. No Django.

The first key encrypts, every key decrypts. To rotate, put the new key first and keep the old one until every row has
been re-encrypted. A value that no key decrypts raises CannotDecrypt; ciphertext is never returned.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class CannotDecrypt(Exception):
    """A stored secret could not be decrypted: FIELD_ENCRYPTION_KEYS lacks the key it was written with."""


@lru_cache(maxsize=8)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(plain: str, *, keys: Iterable[str]) -> str:
    return _cipher(tuple(keys)).encrypt(plain.encode()).decode("ascii")


def is_current(stored: str, *, keys: Iterable[str]) -> bool:
    """Whether the first key decrypts it, so that the other keys are not needed."""
    first, *_ = keys
    try:
        _cipher((first,)).decrypt(stored.encode("ascii", "replace"))
    except InvalidToken:
        return False
    return True


def reencrypt(stored: str, *, keys: Iterable[str]) -> str:
    """The same value encrypted with the first key. Raises CannotDecrypt."""
    return encrypt(decrypt(stored, keys=keys), keys=keys)


def decrypt(stored: str, *, keys: Iterable[str]) -> str:
    try:
        return _cipher(tuple(keys)).decrypt(stored.encode("ascii", "replace")).decode()
    except InvalidToken:
        raise CannotDecrypt(str(CannotDecrypt.__doc__)) from None
