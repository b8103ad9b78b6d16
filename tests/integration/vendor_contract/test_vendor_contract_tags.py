"""Contract 6: tags."""

from __future__ import annotations

import re
from typing import Any

from calls.models import Tag
from tests.support.contract_client import check_envelope
from tests.support.contract_shapes import TAG, check
from tests.support.factories import ended_call, make_company

COLORS = (
    "gray1 gray2 blue1 blue2 cyan1 cyan2 purple1 purple2 pink1 pink2 pink3 pink4 red1 red2 orange1 orange2 orange3 "
    "orange4 yellow1 yellow2 green1 green2 green3 green4"
).split()


def made(client, **fields):
    tag = client.post("tags", {"company_id": client.company, "name": "hot", **fields})
    assert re.fullmatch("[0-9]+", str(tag["id"]))
    return tag


def test_a_tag(client):
    tag = made(client, color="blue1")
    (listed,) = check_envelope("tags", client.get("tags"))
    check(TAG, listed)
    assert (listed["name"], listed["color"], listed["status"]) == ("hot", "blue1", "enabled")
    assert (listed["tag_level"], listed["company_id"]) == ("company", client.company)
    assert str(listed["id"]) == str(tag["id"])
    assert client.get(f"tags/{tag['id']}") == listed


def test_lists_are_sorted_and_filtered(client):
    for name in ("b", "c", "a"):
        made(client, name=name)
    off = made(client, name="off")
    client.put(f"tags/{off['id']}", {"disabled": True})
    names = [tag["name"] for tag in client.get("tags", sort="name", status="enabled")["tags"]]
    assert names == ["a", "b", "c"]
    assert [tag["name"] for tag in client.get("tags", sort="name", order="desc")["tags"]] == ["off", "c", "b", "a"]
    assert [tag["name"] for tag in client.get("tags", status="disabled")["tags"]] == ["off"]


def test_levels(client):
    made(client)
    account = client.post("tags", {"name": "everywhere", "tag_level": "account"})
    assert account["tag_level"] == "account"
    assert [tag["name"] for tag in client.get("tags", tag_level="account")["tags"]] == ["everywhere"]
    assert [tag["name"] for tag in client.get("tags", tag_level="company")["tags"]] == ["hot"]
    assert client.get("tags", 400, tag_level="account", company_id=client.company)


def test_changes(client, company):
    call = ended_call(company)
    tag = made(client)
    client.put(f"calls/{call.resource_id}", {"tags": ["hot"]})
    changed = client.put(f"tags/{tag['id']}", {"name": "hotter", "color": "red2"})
    assert (changed["name"], changed["color"]) == ("hotter", "red2")
    assert client.get(f"calls/{call.resource_id}", fields="tags")["tags"] == ["hotter"]
    assert client.put(f"tags/{tag['id']}", {"disabled": True})["status"] == "disabled"
    assert client.get(f"calls/{call.resource_id}", fields="tags")["tags"] == ["hotter"]
    assert client.put(f"tags/{tag['id']}", {"disabled": False})["status"] == "enabled"


def test_deleting_takes_it_off_all_calls(client, company):
    call = ended_call(company)
    tag = made(client)
    client.put(f"calls/{call.resource_id}", {"tags": ["hot"]})
    client.delete(f"tags/{tag['id']}")
    assert client.get("tags")["tags"] == []
    assert client.get(f"calls/{call.resource_id}", fields="tags")["tags"] == []
    assert client.get(f"tags/{tag['id']}", 404)


def test_a_tag_of_somebody_else_is_403(client):
    tag = Tag.objects.create(company=make_company("Other"), name="theirs")
    assert client.put(f"tags/{tag.pk}", {"name": "mine"}, 403)
    assert client.delete(f"tags/{tag.pk}", 403)
    assert Tag.objects.get(pk=tag.pk).name == "theirs"


def test_colors(client):
    for color in COLORS:
        tag = made(client, name=color, color=color)
        assert tag["color"] == tag["background_color"] == color
    assert client.post("tags", {"company_id": client.company, "name": "x", "color": "beige"}, 400) == (
        "Color is not included in the list"
    )


BAD: list[dict[str, Any]] = [
        {"name": ""}, {}, {"name": None}, {"name": 5}, {"name": "x" * 500}, {"name": "a", "color": 7}, {"name": ["a"]},
        {"name": "a", "tag_level": "world"}, {"name": "a", "tag_level": []}, {"name": "a", "color": ["red1"]},
        {"name": "a\x00"},
    ]  # fmt: skip


def test_what_a_tag_cannot_be(client):
    for body in BAD:
        assert client.ask("POST", "tags", {"company_id": client.company, **body}).status in (400, 422)


def test_a_name_is_taken_once(client):
    made(client)
    assert client.ask("POST", "tags", {"company_id": client.company, "name": "Hot"}).status in (400, 422)
    other = made(client, name="other")
    assert client.ask("PUT", f"tags/{other['id']}", {"name": "hot"}).status in (400, 422)
