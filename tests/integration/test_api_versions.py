"""ETag and If-Match: nobody overwrites what they have not seen."""

from __future__ import annotations

import hashlib
from functools import partial
from unittest.mock import patch

import pytest
from rest_framework.renderers import JSONRenderer

from subscriptions.api.kit import etags
from subscriptions.models import Company, Subscription
from tests.support.api import program, rung
from tests.support.factories import make_company, make_subscription, make_tracker
from tests.support.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def company() -> Company:
    return make_company()


@pytest.fixture
def path(company) -> str:
    return f"/api/v1/subscriptions/{make_subscription(company).resource_id}/"


def test_reading_and_changing_say_the_version(company, path):
    api = program(company)
    read = api.get(path)
    changed = api.patch(path, {"name": "New"})
    assert read["ETag"] != changed["ETag"]
    assert api.get(path)["ETag"] == changed["ETag"]


def test_the_version_is_of_what_is_sent_and_its_json_is_made_once(company, path):
    with patch.object(JSONRenderer, "render", autospec=True, side_effect=JSONRenderer.render) as made:
        answer = program(company).get(path)
    assert answer["ETag"] == f'"{hashlib.sha256(answer.content).hexdigest()[:32]}"'
    assert made.call_count == 1


def test_what_is_shown_does_not_change_under_its_json():
    shown = etags.Shown({"name": "A"})
    for change in (lambda: shown.update(name="B"), lambda: shown.__setitem__("name", "B"), lambda: shown.pop("name")):
        with pytest.raises(TypeError, match="with_more"):
            change()
    assert shown.with_more({"secret": "once"}) == {"name": "A", "secret": "once"}
    assert (shown, shown.json) == ({"name": "A"}, b'{"name":"A"}')


def test_what_is_known_is_not_sent_again(company, path):
    api = program(company)
    answer = api.get(path, HTTP_IF_NONE_MATCH=api.get(path)["ETag"])
    assert (answer.status_code, answer.content) == (304, b"")


def test_a_change_of_what_was_read_goes_through_and_of_an_older_one_does_not(company, path):
    api = program(company)
    tag = api.get(path)["ETag"]
    assert api.patch(path, {"name": "First"}, HTTP_IF_MATCH=tag).status_code == 200
    late = api.patch(path, {"name": "Second"}, HTTP_IF_MATCH=tag)
    assert late.status_code == 412
    assert "Read it again" in late.json()["detail"]
    assert Subscription.objects.get().name == "First"
    assert api.patch(path, {"name": "Third"}, HTTP_IF_MATCH="*").status_code == 200
    assert api.delete(path, HTTP_IF_MATCH=tag).status_code == 412


def test_two_at_the_same_moment_are_one_winner(company, path):
    tag = program(company).get(path)["ETag"]

    def rename(name: str):
        return program(company).patch(path, {"name": name}, HTTP_IF_MATCH=tag)

    answers = at_once([partial(rename, f"N{n}") for n in range(4)])
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


def test_another_companys_object_has_no_version(path):
    assert program(make_company("Other")).patch(path, {"name": "X"}, HTTP_IF_MATCH="*").status_code == 404


def test_a_tag_put_on_a_call_is_a_new_version(company):
    api = program(company)
    path = f"/api/v1/calls/{rung(api, make_tracker(company).phone_number)}/"
    tag = api.get(path)["ETag"]
    api.patch(path, {"tags": ["Roof"]})
    assert api.patch(path, {"note": "x"}, HTTP_IF_MATCH=tag).status_code == 412
