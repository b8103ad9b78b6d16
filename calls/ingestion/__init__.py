"""Bring calls in. Every source of calls (API, provider callbacks, imports) goes through this package.

Data is a mapping by API name: the fields of a call, `tracking_phone_number` and `tags` (names). Types and lengths are
already checked; this package checks what the values mean together. Errors are Django's ValidationError by the same
names.

`single` handles one call, `batch` many, `insertion` writes new ones. A source may send messages in any order if it says
when each was true (`as_of`); `field_timestamps` then keeps the newest value of every field.
"""
