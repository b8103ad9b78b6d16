"""Look through an .xlsx file before the library reads it. The library makes room for every cell between the first and
the last, and copies a shared text into each cell that has it: one kilobyte could ask for 500 GB and end the process.

The library then gets the parts that were looked through, in a new archive without compression: what it makes of a
broken archive does not matter."""

from __future__ import annotations

import re
import zipfile
import zlib
from io import BytesIO
from typing import IO

from .bad_file import BadFile
from .workbook_parts import NOT_A_WORKBOOK, PartCheck

# A file of 5 MB has some 50 MB of XML.
MOST_UNPACKED = 150_000_000
MOST_PARTS = 2_000
MOST_TEXT = 100_000_000  # characters of a sheet, each repetition of a shared text counted
_CHUNK = 256 * 1024
_NOT_NEEDED = re.compile(r"(^|/)\.\.?/|/(media|drawings|charts|embeddings|externalLinks|pivotCache)/")


def check_workbook(file: IO[bytes]) -> IO[bytes]:
    """The parts with text and numbers, in an archive of their own. Raises BadFile."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            return _repack(archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise BadFile(NOT_A_WORKBOOK) from error


def _repack(archive: zipfile.ZipFile) -> IO[bytes]:
    parts = [
        part for part in archive.infolist()
        if part.filename.endswith((".xml", ".rels")) and not _NOT_NEEDED.search(part.filename)
    ]  # fmt: skip
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise BadFile(
            f"This workbook unpacks to more than {MOST_UNPACKED // 1_000_000} MB. Save it as CSV, or split it."
        )
    if len({part.filename for part in parts}) < len(parts):
        raise BadFile(NOT_A_WORKBOOK)
    checked = BytesIO()
    checks: list[PartCheck] = []
    with zipfile.ZipFile(checked, "w", zipfile.ZIP_STORED) as target:
        for part in parts:
            check = PartCheck(checks[-1].elements if checks else 0)
            checks.append(check)
            # ZipFile reads no more than `file_size` bytes of it, whatever is packed.
            with archive.open(part) as source, target.open(part.filename, "w") as copy:
                while chunk := source.read(_CHUNK):
                    check.feed(chunk)
                    copy.write(chunk)
            check.close()
    _check_shared_texts(checks)
    checked.seek(0)
    return checked


def _check_shared_texts(checks: list[PartCheck]) -> None:
    lists = [check.shared_lengths for check in checks if check.shared_lengths]
    if len(lists) > 1:
        raise BadFile(NOT_A_WORKBOOK)
    lengths = lists[0] if lists else []
    for check in checks:
        used = check.shared_used.items()
        if any(index >= len(lengths) for index, _ in used):
            raise BadFile(NOT_A_WORKBOOK)
        if sum(lengths[index] * times for index, times in used) > MOST_TEXT:
            raise BadFile(f"This sheet has more than {MOST_TEXT // 1_000_000} MB of text. Split it.")
