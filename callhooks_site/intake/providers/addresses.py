"""Which of a provider's addresses are phone numbers. No Django.

| address | phone number |
|---|---|
| `+12145550123`, `2145550123`, `(214) 555-0123` | yes; without + of the company's country |
| `whatsapp:+12145550123`, `rcs:+12145550123`, `tel:+12145550123` | yes: their users are known by their numbers |
| `client:…`, `sip:…`, `sips:…`, also `client:+12145550123` | no: a program or phone of the company or of a partner |
| `messenger:…`, `rcs:brand`, and everything else with a colon | no: an account elsewhere |
| up to six digits without + | no: a short code or an extension |
| letters, such as `ACME`; what the number library rejects | no |
| `Anonymous`, `+266696687` | no: withheld |
"""

from __future__ import annotations

import re

from calls.phones import is_withheld, normalise_if_number
from calls.senders import CHANNELS_BY_NUMBER

_NUMBER = re.compile(r"\+?[\d\s().\-/]{1,40}", re.ASCII)
FEWEST_DIGITS = 7  # without +; the shortest subscriber numbers with their area codes


def normalise_number(text: str, region: str) -> str:
    """E.164; empty for what is no phone number. What has no + is a number of the country `region`: trunks pass on what
    was dialled."""
    scheme, colon, rest = text.strip().rpartition(":")
    if colon and not (scheme.lower() in CHANNELS_BY_NUMBER and rest.startswith("+")):
        return ""
    digits = sum(character.isdigit() for character in rest)
    if is_withheld(rest) or not _NUMBER.fullmatch(rest) or (digits < FEWEST_DIGITS and not rest.startswith("+")):
        return ""
    return normalise_if_number(rest, region=region)
