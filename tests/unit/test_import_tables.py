"""Files as they are in life: encodings, headers, workbooks; and workbooks made to do harm."""

from __future__ import annotations

import datetime as dt
import zipfile
from io import BytesIO
from typing import Any

import pytest

from callhooks_site.intake.imports import workbook_check, workbook_parts
from callhooks_site.intake.imports.bad_file import BadFile
from callhooks_site.intake.imports.table import open_table
from tests.support.workbooks import make_workbook, sheet_xml

HEADER = "direction,note"


def rows(content: bytes, form: Any = "csv", **options: Any) -> list[dict[str, Any]]:
    table = open_table(BytesIO(content), form, **options)
    return [{**line.values, **({"error": line.error} if line.error else {})} for line in table.lines]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"], ids=lambda name: name
)
def test_the_encoding_is_found_out(encoding: str):
    text = f"{HEADER}\r\ninbound,Zoë & Jürgen “Ann”\r\n"
    assert rows(text.encode(encoding)) == [{"direction": "inbound", "note": "Zoë & Jürgen “Ann”"}]


def test_a_big_endian_mark_is_read():
    assert rows("\ufeffa,b\n1,é\n".encode("utf-16-be")) == [{"a": "1", "b": "é"}]


def test_one_bad_byte_in_good_utf_8_is_an_error_of_its_line():
    found = rows("a\nZoë\nJürgen\n".encode() + b"\xff\n")
    assert [row.get("a") for row in found] == ["Zoë", "Jürgen", "\udcff"]
    assert "not in the chosen encoding" in found[2]["error"]


def test_half_a_character_of_utf_16_is_an_error_of_its_line():
    found = rows("a\nx\n".encode("utf-16") + b"\x00\xd8a\x00\n\x00y\x00\n\x00")
    assert [bool(row.get("error")) for row in found] == [False, True, False]


def test_an_encoding_may_be_told():
    assert rows("a\nПривет\n".encode("cp1251"), encoding="cp1251") == [{"a": "Привет"}]
    with pytest.raises(LookupError):
        rows(b"a\n", encoding="nothing")


def test_headers_that_repeat_have_names_of_their_own():
    table = open_table(BytesIO(b"note,,note,note (2),\nA,B,C,D,E\n"), "csv")
    assert table.columns == ["note", "column 2", "note (2)", "note (2) (2)", "column 5"]
    assert list(next(table.lines).values.values()) == ["A", "B", "C", "D", "E"]


def test_a_header_in_the_middle_is_no_line():
    assert rows(b"a,b\n1,2\na,b\n3,4\n") == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_columns_after_the_last_are_empty_or_an_error():
    found = rows(b"a,b,,\n1,2,,\n1,2,,,,\n1,2,,,x\n1,2,x,\n")
    assert found[:2] == [{"a": "1", "b": "2"}] * 2
    assert found[2]["error"].startswith("There are 5 cells and 4 columns")
    assert found[3] == {"a": "1", "b": "2", "column 3": "x"}  # shown, so that somebody decides


def test_blank_lines_before_the_header_and_line_breaks_in_it():
    table = open_table(BytesIO(b'\n\n"Start\nTime",b\n1,2\n'), "csv")
    assert table.columns == ["Start Time", "b"]
    assert [line.number for line in table.lines] == [5]


def test_a_workbook_is_read_as_one_would_have_typed_it():
    moment = dt.datetime.fromisoformat("2026-11-03T14:05")
    content = make_workbook([
        ["direction", "customer_phone_number", "start_time", "duration", "spam", "value", "note", ""],
        ["inbound", 12145550123, moment, dt.time(0, 2, 59), True, 1234.5, "Zoë", ""],
        [],
        ["inbound", 12145550124.0, moment, 12.0, False, 3, "=1+1", "x"],
    ])  # fmt: skip
    table = open_table(BytesIO(content), "xlsx")
    lines = list(table.lines)
    assert table.cells
    assert lines[0].values == {
        "direction": "inbound", "customer_phone_number": "12145550123", "start_time": "2026-11-03 14:05:00",
        "duration": "00:02:59", "spam": "yes", "value": "1234.5", "note": "Zoë",
    }  # fmt: skip
    assert [line.number for line in lines] == [2, 4]
    assert "8 cells and 7 columns" in lines[1].error


def test_other_sheets_are_told_and_may_be_chosen():
    content = make_workbook([["a"], ["1"]], Other=[["b"], ["2"]])
    table = open_table(BytesIO(content), "xlsx")
    assert (table.columns, table.note) == (["a"], "Only the sheet “Calls” is read, not “Other”.")
    assert open_table(BytesIO(content), "xlsx", sheet="Other").columns == ["b"]
    with pytest.raises(BadFile, match="There is no sheet Third"):
        open_table(BytesIO(content), "xlsx", sheet="Third")


def replaced(content: bytes, changed: dict[str, bytes]) -> bytes:
    """The workbook with other parts."""
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in {*source.namelist(), *changed}:
            copy.writestr(name, changed.get(name) or source.read(name))
    return target.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
GOOD = make_workbook([["a"], ["1"]])
BOMB = "<!DOCTYPE x [" + '<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
) + "]>"  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        # 512 GB of memory: the library asked for it and the process was ended.
        ({SHEET: sheet_xml('<row r="1"><c r="A1"><v>1</v></c></row><row r="9"><c r="XFD1048576"><v>2</v></c></row>')},
         "reaches over more than"),
        ({SHEET: sheet_xml('<row r="1048576"><c r="XFD1"><v>2</v></c></row>')}, "reaches over more than"),
        ({SHEET: sheet_xml('<row r="1"><c r="&#88;FD1048576"><is><t>2</t></is></c></row>')}, "reaches over more than"),
        ({SHEET: sheet_xml('<row r="1"><c r="A99999999999"><v>2</v></c></row>')}, "cannot be read"),
        ({SHEET: sheet_xml('<row r="-1"><c><v>2</v></c></row>')}, "cannot be read"),
        ({SHEET: sheet_xml('<row r="1"><c r="A1" t="s"><v>4000000000</v></c></row>')}, "cannot be read"),
        ({SHEET: sheet_xml('<row r="1"><c r="A1" t="s"><v>77</v></c></row>')}, "cannot be read"),
        ({SHEET: BOMB.encode() + sheet_xml('<row r="1"><c r="A1"><v>&j;</v></c></row>')}, "declares a document type"),
        ({SHEET: (BOMB + "<worksheet>&j;</worksheet>").encode("utf-16")}, "declares a document type"),
        ({SHEET: b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><worksheet/>'}, "declares a document type"),
        ({SHEET: b"<worksheet><sheetData>"}, "cannot be read"),
        ({SHEET: b"\x00" * 100}, "cannot be read"),
        ({"xl/workbook.xml": b"<workbook/>"}, "has no sheet|cannot be read"),
        ({"xl/workbook.xml": b"no XML"}, "cannot be read"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_workbook_made_to_do_harm_is_refused(changed: dict[str, bytes], words: str):
    with pytest.raises(BadFile, match=words):
        list(open_table(BytesIO(replaced(GOOD, changed)), "xlsx").lines)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", b"a,b\n1,2\n", b"\xd0\xcf\x11\xe0" + b"\x00" * 600, GOOD[:-30]]
)
def test_what_is_no_workbook_is_refused(content: bytes):
    with pytest.raises(BadFile):
        open_table(BytesIO(content), "xlsx")


def test_one_shared_text_in_a_million_cells_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workbook_check, "MOST_TEXT", 50_000)
    shared = f'<sst xmlns="x"><si><t>{"x" * 10_000}</t></si></sst>'.encode()
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 8))
    with pytest.raises(BadFile, match="of text"):
        open_table(BytesIO(replaced(GOOD, {SHEET: sheet_xml(cells), "xl/sharedStrings.xml": shared})), "xlsx")


def test_a_packed_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workbook_check, "MOST_UNPACKED", 1_000_000)
    content = replaced(GOOD, {"xl/other.xml": b"<a>" + b" " * 5_000_000 + b"</a>"})
    assert len(content) < 20_000
    with pytest.raises(BadFile, match="unpacks to more than"):
        open_table(BytesIO(content), "xlsx")
    # A size that lies: no more than what is told is unpacked, and then the sum is wrong.
    lying = bytearray(content)
    central = next(
        at for at in range(len(content))
        if content[at : at + 4] == b"PK\x01\x02" and content[at + 46 : at + 58] == b"xl/other.xml"
    )  # fmt: skip
    lying[central + 24 : central + 28] = (10).to_bytes(4, "little")
    with pytest.raises(BadFile):
        open_table(BytesIO(bytes(lying)), "xlsx")


def test_endless_elements_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workbook_parts, "MOST_ELEMENTS", 1_000)
    with pytest.raises(BadFile, match="reaches over"):
        open_table(BytesIO(replaced(GOOD, {SHEET: sheet_xml("<row>" + "<c/>" * 2_000 + "</row>")})), "xlsx")


def test_endless_elements_in_many_parts_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(workbook_parts, "MOST_ELEMENTS", 1_000)
    many = {f"xl/other{number}.xml": b"<a>" + b"<c/>" * 200 + b"</a>" for number in range(6)}
    with pytest.raises(BadFile, match="reaches over"):
        open_table(BytesIO(replaced(GOOD, many)), "xlsx")


def test_cells_that_are_only_coloured_reach_nowhere():
    cells = '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c><c r="XFD1" s="0"/></row>'
    cells += '<row r="2"><c r="A2"><v>5</v></c></row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
    assert rows(replaced(GOOD, {SHEET: sheet_xml(cells)}), "xlsx") == [{"a": "5"}]
