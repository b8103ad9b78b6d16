"""The API reference: each operation and webhook stands on a page that is small, quick and for everybody."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from callhooks_site.api_reference import operations
from callhooks_site.api_reference.document import read_document
from subscriptions.lib.schema_words import describe_kind
from tests.support.long_tests import ALL, some

MOST_BYTES = 300_000


def pages() -> list[str]:
    return [
        reverse("api-docs"),
        *(reverse("api-docs-group", args=[name]) for name in operations.groups()),
        *(reverse("api-docs-webhook", args=[name]) for name in operations.webhooks()),
    ]


def shown(url: str) -> str:
    answer = Client().get(url)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("share", [some(0, 4), ALL])
def test_each_page_is_small_without_scripts_in_it_and_leads_where_it_says(share):
    for url in share.of(pages()):
        answer = Client().get(url)
        html = answer.content.decode()
        assert len(answer.content) < MOST_BYTES, url
        assert re.findall(r"<style|style=|<script>|onload", html) == [], url
        assert "unsafe" not in answer["Content-Security-Policy"], url
        anchors = re.findall(r' id="([^"]+)"', html)
        assert len(anchors) == len(set(anchors)), url
        assert [name for name in re.findall(r'href="#([^"]+)"', html) if name not in anchors] == [], url


def test_every_operation_and_webhook_of_the_document_stands_on_a_page():
    document = read_document()
    wanted = {each["operationId"].replace("_", "-") for of in document["paths"].values() for each in of.values()}
    found = {one.id for group in operations.groups().values() for one in group.operations}
    assert found == wanted
    assert sum(len(group.operations) for group in operations.webhooks().values()) == len(document["webhooks"])
    overview = shown(reverse("api-docs"))
    assert [name for name in wanted if f'#{name}"' not in overview] == []


def test_an_operation_has_its_words_request_answers_and_fields():
    html = shown(reverse("api-docs-group", args=["calls"]))
    for said in (
        "Report a call", "curl -X POST $API/calls/", "&quot;tracking_phone_number&quot;", "Needs the scope",
        '<a href="#Call">Call</a>', 'id="Call"', "read only",
        '<code>direction</code> <span class="tag">required</span>', "&quot;inbound&quot; or &quot;outbound&quot;",
    ):  # fmt: skip
        assert said in html, said
    assert html.count("<code>tracking_phone_number</code>") == 2  # a filter of the list, and a field


def test_an_event_with_two_payload_versions_shows_both():
    html = shown(reverse("api-docs-webhook", args=["post_call"]))
    assert html.count("Fields of the body") == 2
    assert "webhook-signature" in html


@pytest.mark.parametrize("url", ["/api/v1/docs/nothing/", "/api/v1/docs/webhooks/nothing/"])
def test_a_page_that_is_not_there_is_a_404(url):
    assert Client().get(url).status_code == 404


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": ["string", "null"]}, "text or null"),
        ({"enum": ["a", "b", ""]}, '"a", "b" or ""'),
        ({"type": "array", "items": {"type": "integer"}}, "list of whole number"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/A"}}, "list of objects"),
        ({"$ref": "#/components/schemas/A"}, "object with b"),
        ({}, "any value"),
    ],
)
def test_a_kind_in_words(schema, words):
    assert describe_kind(schema, {"A": {"type": "object", "properties": {"b": {}}}}) == words
