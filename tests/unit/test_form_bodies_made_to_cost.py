"""Bodies of forms that are made to cost: anybody may send them. Without care each took seconds to minutes, or a 500."""

from __future__ import annotations

import pytest

from forms_intake.web import flatten, parsed_form, salvage, touches


@pytest.mark.parametrize("filling", [" ", "\t", "a", ".", "a ", '"', "a:", '"a" ', "\\\\"], ids=repr)
def test_text_for_regular_expressions_to_choke_on(filling: str):
    text = "{a" + filling * (20_000 // len(filling)) + "!"
    form = salvage.salvage(text.encode())
    assert form is not None
    assert form.fields


def test_secrets_in_what_is_no_json_are_still_found():
    form = salvage.salvage(b'{"password" : "hunter2", my password \n = x1, "name": "Ann",}')
    assert form is not None
    assert "hunter2" not in str(form)
    assert "x1" not in str(form)
    assert form.fields["name"] == "Ann"


def test_long_names_above_many_fields_are_not_repeated_for_each():
    many = {"a" * 20_000: {"b" * 20_000: {str(number): number for number in range(1_000)}}}
    assert max(len(name) for name in flatten.flatten(many)) < 20_500
    assert sum(len(name) for name in flatten.flatten(many)) < 300_000
    assert parsed_form.parse_object(many).too_large


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("word", ["captcha", "turnstile", "card ", "confirm ", "exp", "pass "])
def test_names_for_regular_expressions_to_choke_on(word: str):
    fields = parsed_form.parse_object({word * 50_000 + "!": "x", "g-recaptcha-my-response": "y"}).fields
    assert list(fields.values()) == ["x"]


def test_many_answers_of_one_name_are_one_list():
    asked = [{"label": "a", "value": number} for number in range(20_000)]
    assert flatten.flatten({"q": [*asked, {"label": "b", "value": [1, 2]}]}) == {"a": [*range(20_000)], "b": [1, 2]}


def test_many_answers_of_one_label_to_a_builders_form():
    form = parsed_form.parse_object({"form_response": {"answers": [{}] * 100_000}})
    assert form.too_large
    assert [*form.fields][:3] == ["", " (2)", " (3)"]


@pytest.mark.parametrize("charset", ["undefined", "idna", "punycode", "zlib", "nul\x00", "x" * 500])
def test_charsets_that_are_none(charset: str):
    form = salvage.salvage(b"Ann \xff", charset)
    assert form is not None
    assert form.fields["body"] == "Ann \ufffd"


@pytest.mark.parametrize("kind", ["multipart/mixed; boundary=0", "message/rfc822"])
def test_parts_within_parts(kind: str):
    body = b"--0\r\n" + f"Content-Type: {kind}\r\n\r\n".encode() * 5_000 + b"\n" * 50_000
    assert salvage.salvage(body, content_type="multipart/mixed; boundary=0") is not None


def test_a_file_whose_name_is_in_a_charset_with_nul():
    body = b"--0\r\nContent-Disposition: form-data; name=a; filename*=a\x00b''x\r\n\r\nz\r\n--0--"
    salvage.salvage(body, content_type="multipart/form-data; boundary=0")


@pytest.mark.parametrize("at", ["1" + "0" * 400, "-1", "true", "0", "1e400", "[1]"])
def test_times_of_visits_that_are_none(at: str):
    touches.read_touches(f'{{"f": {{"at": {at}, "landing_page_url": "https://example.com/"}}}}')
