"""The receiver reads its keys from demo.json, again whenever that changes."""

import json
import os

import pytest

from callhooks_site.devtools.receiver.keys import KeysFile, KeysMissing
from tests.support.demo_receiver import OLD_SECRET, SECRET, write_keys


def test_it_may_start_before_the_file_exists(tmp_path):
    file = KeysFile(tmp_path / "demo.json")
    with pytest.raises(KeysMissing, match="not there yet"):
        file.read()
    write_keys(tmp_path)
    assert file.read().webhook_key == bytes(range(32))


def test_a_changed_file_is_read_again(tmp_path):
    write_keys(tmp_path)
    file = KeysFile(tmp_path / "demo.json")
    before = file.read()
    write_keys(tmp_path, signing_key="f" * 32, secret=OLD_SECRET)
    after = file.read()
    assert before.signing_key != after.signing_key == b"f" * 32
    assert before.webhook_key != after.webhook_key


def test_an_unchanged_file_is_not_parsed_again(tmp_path):
    write_keys(tmp_path)
    file = KeysFile(tmp_path / "demo.json")
    assert file.read() is file.read()


def test_a_removed_file_takes_its_keys_with_it(tmp_path):
    write_keys(tmp_path)
    file = KeysFile(tmp_path / "demo.json")
    file.read()
    os.remove(tmp_path / "demo.json")
    with pytest.raises(KeysMissing):
        file.read()


def test_a_secret_without_padding_is_understood(tmp_path):
    write_keys(tmp_path, secret=SECRET.rstrip("="))
    assert KeysFile(tmp_path / "demo.json").read().webhook_key == bytes(range(32))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        json.dumps({"signing_key": "a" * 32}),
        json.dumps({"signing_key": "", "subscription_secret": SECRET}),
        json.dumps({"signing_key": "a" * 32, "subscription_secret": "whsec_"}),
        json.dumps({"signing_key": "a" * 32, "subscription_secret": "whsec_!!!!"}),
        json.dumps({"signing_key": "a" * 32, "subscription_secret": SECRET.removeprefix("whsec_")}),
        json.dumps({"signing_key": 5, "subscription_secret": 6}),
    ],
)
def test_a_file_without_usable_keys_is_said(tmp_path, text):
    (tmp_path / "demo.json").write_text(text)
    with pytest.raises(KeysMissing, match="no usable"):
        KeysFile(tmp_path / "demo.json").read()
