"""Nobody writes a line of the log that looks like one of ours."""

import logging

from callhooks_site.request_ids import OneLine


def line(message: str, **more) -> str:
    record = logging.LogRecord("callhooks", logging.INFO, __file__, 1, message, None, more.get("exc_info"))
    record.request_id = "-"
    return OneLine("%(levelname)s [%(request_id)s]: %(message)s").format(record)


def test_a_line_end_in_a_message_is_written_out():
    forged = "Not found: /x\n2026-11-28 INFO callhooks.audit [-]: forged\r\x1b[31m\u2028"
    assert len(line(forged).splitlines()) == 1
    assert "\\n2026-11-28" in line(forged)


def test_tabs_and_other_letters_stay():
    assert line("Größe\t日本") == "INFO [-]: Größe\t日本"


def test_a_traceback_keeps_its_lines():
    try:
        raise ValueError("broken")
    except ValueError as error:
        written = line("Failed", exc_info=(ValueError, error, error.__traceback__))
    assert written.splitlines()[0] == "INFO [-]: Failed"
    assert "ValueError: broken" in written.splitlines()[-1]
