"""A secret that comes back is taken out however it is written."""

import html
import json
from urllib.parse import quote, quote_plus

import pytest

from subscriptions.delivery.masking import MASK, _may_hold, _spellings, holds, masked, masked_bytes

SECRET = "s3c<r>&t'q\"/Ab+z~9"
GO = json.dumps(SECRET).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")[1:-1]


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET)[1:-1].replace("/", "\\/"),
        json.dumps(SECRET)[1:-1].replace("'", "\\'"),
        GO,
        GO.replace("'", "\\u0027"),
        GO.replace("003c", "003C").replace("003e", "003E"),
        html.escape(SECRET),
        html.escape(SECRET, quote=False),
        html.escape(SECRET, quote=False).replace("'", "&#39;").replace('"', "&#34;"),
        quote(SECRET, safe=""),
        quote(SECRET),
        quote(SECRET, safe="!'()*"),
        quote_plus(SECRET),
        quote(SECRET, safe="").lower().replace("ab", "Ab"),
    ],
)
def test_it_is_taken_out(written):
    text = f"before {written} after"
    assert holds(text, [SECRET])
    assert masked(text, [SECRET]) == f"before {MASK} after"
    assert masked_bytes(text.encode(), [SECRET]) == f"before {MASK} after".encode()


def test_what_is_none_stays():
    assert masked("before s3c after", [SECRET]) == "before s3c after"


def test_a_secret_that_begins_another_does_not_leave_the_rest_of_it():
    secrets = ["open", "open-sesame"]
    assert masked("before open-sesame after", secrets) == f"before {MASK} after"
    assert masked_bytes(b"before open-sesame after", secrets) == f"before {MASK} after".encode()


@pytest.mark.parametrize("secret", [SECRET, "whsec_aGVsbG8+d29ybGQ/==", "pässwörd=1", "é<>&", "----", "ключ-ab"])
def test_the_quick_look_misses_no_spelling(secret):
    for spelled in _spellings((secret,)):
        assert _may_hold(f"before {spelled} after", (secret,)), spelled
        assert masked_bytes(f"before {spelled} after".encode(), [secret]) == f"before {MASK} after".encode()


def test_the_quick_look_spares_the_spellings_where_nothing_is_to_be_found():
    assert not _may_hold("Content-Type: text/plain", (SECRET, "whsec_aGVsbG8+d29ybGQ/=="))
