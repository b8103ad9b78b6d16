"""Find out how a file's text is encoded. No Django."""

from __future__ import annotations

import codecs
from typing import IO

AUTO = "auto"
ON_ERROR = "callhooks-not-decoded"  # what is not in the encoding becomes NOT_DECODED, in whatever encoding
NOT_DECODED = "\udcff"
_CHUNK = 1_000_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def guess_encoding(file: IO[bytes]) -> str:
    """The encoding by the file's byte order mark or its bytes; reads it once and goes back to the start.

    UTF-8 unless its bytes are none: then Windows-1252, which programs on Windows write without saying so. A file with
    good UTF-8 and a few bad bytes is UTF-8; each bad line is an error of its own."""
    file.seek(0)
    start = file.read(4_000)
    file.seek(0)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    # Latin text in UTF-16: every other byte is zero.
    if start[1::2].count(0) > len(start) // 4:
        return "utf-16-le"
    if start[0::2].count(0) > len(start) // 4:
        return "utf-16-be"
    good = bad = 0
    while chunk := file.read(_CHUNK):
        chunk += file.readline(_CHUNK)  # no character is cut in two, except in a line that is refused anyway
        if chunk.isascii():
            continue
        text = chunk.decode("utf-8", "surrogateescape")
        wrong = sum(1 for letter in text if "\udc80" <= letter <= "\udcff")
        bad += wrong
        good += sum(1 for letter in text if letter > "\x7f") - wrong
        if good > bad + 1_000:
            break
    file.seek(0)
    return "cp1252" if bad > good else "utf-8-sig"


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return NOT_DECODED, error.end


codecs.register_error(ON_ERROR, _mark)
