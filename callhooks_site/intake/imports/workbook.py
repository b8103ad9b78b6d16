"""Read a sheet of an .xlsx workbook as rows of texts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import IO, Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from .bad_file import BadFile
from .workbook_check import check_workbook


def read_sheet(file: IO[bytes], name: str = "") -> tuple[Iterator[tuple[int, list[str]]], str]:
    """The numbered rows of the first sheet that is shown, or of the one with this name, and a note if there are other
    sheets. Raises BadFile."""
    checked = check_workbook(file)
    try:
        workbook = CalamineWorkbook.from_filelike(checked)
        sheets = [
            sheet.name for sheet in workbook.sheets_metadata
            if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible
        ]  # fmt: skip
        if name and name not in workbook.sheet_names:
            raise BadFile(f"There is no sheet {name}. There is: {', '.join(sheets)}.")
        if not sheets and not name:
            raise BadFile("This workbook has no sheet.")
        chosen = name or sheets[0]
        table = workbook.get_sheet_by_name(chosen)
    except BadFile:
        raise
    except CalamineError as error:
        raise BadFile(f"This workbook cannot be read ({error}). Save it again, or as CSV.") from error
    except BaseException as error:
        # What the library did not expect of a file ends in its PanicException, which is no Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise BadFile("This workbook cannot be read. Save it again, or as CSV.") from error
    others = [sheet for sheet in sheets if sheet != chosen]
    note = f"Only the sheet “{chosen}” is read, not {', '.join(f'“{sheet}”' for sheet in others)}." if others else ""
    first = table.start[0] + 1 if table.start else 1  # empty rows above are no rows
    return ((number, [_text(cell) for cell in row]) for number, row in enumerate(table.iter_rows(), first)), note


def _text(cell: Any) -> str:
    """As one would have written it into a CSV file."""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(round(cell.total_seconds()))
    return str(cell)
