"""A chat message says what it was given and nothing more: no mention, no hidden link, no formatting of a stranger's."""

import json

import pytest

from subscriptions.lib.chat import BUILDERS, Fact, Link, Message, discord, google_chat, plain, slack, teams

HOSTILE = "<!channel> & <https://evil.example.com|Open> *b* _i_ [x](https://evil.example.com) <users/all> @everyone"
LINK = Link("Open the subscription", "https://hooks.example.com/admin/subscription/7/change/?a=1&b=2")


def texts(value):
    """Every text of a body, wherever it stands."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


def test_slack_has_blocks_and_a_text_for_notifications():
    body = json.loads(slack(Message("Webhooks to CRM are failing", ["Since 09:41."], [Fact("Answer", "500")], [LINK])))
    assert body["text"] == "Webhooks to CRM are failing\nSince 09:41."
    header, line, facts, actions = body["blocks"]
    assert header["text"] == {"type": "plain_text", "text": "Webhooks to CRM are failing", "emoji": False}
    assert line["text"]["text"] == "Since 09:41."
    assert [field["text"] for field in facts["fields"]] == ["*Answer*", "500"]
    assert actions["elements"][0]["url"] == LINK.url


def test_slack_gets_no_control_characters_of_others():
    body = json.loads(slack(Message(HOSTILE, [HOSTILE], [Fact(HOSTILE, HOSTILE)])))
    assert not any("<" in text or ">" in text for text in texts(body))
    assert body["mrkdwn"] is False
    formatted = [field["text"] for field in body["blocks"][2]["fields"] if field["type"] == "mrkdwn"]
    assert [text.count("*") for text in formatted] == [2]


def test_teams_has_a_card_whose_text_is_no_markdown():
    body = json.loads(teams(Message(HOSTILE, [HOSTILE], [Fact("Answer", HOSTILE)], [LINK])))
    assert body["type"] == "message"
    card = body["attachments"][0]["content"]
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert {block["type"] for block in card["body"]} == {"RichTextBlock"}  # which knows no Markdown
    assert [run["text"] for run in card["body"][2]["inlines"]] == ["Answer: ", HOSTILE]
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": LINK.label, "url": LINK.url}]


def test_google_chat_has_a_card_whose_text_is_no_html():
    body = json.loads(google_chat(Message(HOSTILE, [HOSTILE, "a\nb"], [Fact("Answer", HOSTILE)], [LINK])))
    assert "<users/all>" not in body["fallbackText"]
    (section,) = body["cardsV2"][0]["card"]["sections"]
    first, second, fact, buttons = section["widgets"]
    assert "<" not in first["textParagraph"]["text"]
    assert "&lt;users/all&gt;" in fact["decoratedText"]["text"]
    assert second["textParagraph"]["text"] == "a<br>b"
    assert buttons["buttonList"]["buttons"][0]["onClick"]["openLink"]["url"] == LINK.url


def test_discord_mentions_nobody_and_shows_markdown_as_it_is():
    body = json.loads(discord(Message(HOSTILE, [HOSTILE], [Fact("Answer", HOSTILE)], [LINK])))
    assert body["allowed_mentions"] == {"parse": []}
    (embed,) = body["embeds"]
    assert r"\[x\]\(https\://evil.example.com\)" in embed["description"]
    assert embed["description"].endswith(f"[{LINK.label}]({LINK.url})")
    assert r"\<https\://evil.example.com\|Open\> \*b\*" in embed["title"]


@pytest.mark.parametrize("product", BUILDERS)
@pytest.mark.parametrize("letter", ["a", "&", "\N{GRINNING FACE}", '"', "*"])
@pytest.mark.parametrize("lines", [99, 0])
def test_no_message_is_longer_than_its_product_takes(product, letter, lines):
    long = letter * 10_000
    body = BUILDERS[product](Message(long, [long] * lines, [Fact(long, long)] * 99, [LINK] * 99))
    assert len(body) < {"teams": 28_000, "google_chat": 32_000, "slack": 40_000, "discord": 40_000}[product]
    content = json.loads(body)
    if product == "slack":
        assert len(content["blocks"]) <= 50
        assert all(len(block.get("fields", [])) <= 10 for block in content["blocks"])
    if product == "discord":
        assert sum(map(len, texts(content["embeds"]))) <= 6_000
        assert len(content["embeds"][0].get("description", "")) <= 4_096
        assert len(content["embeds"][0]["title"]) <= 256


@pytest.mark.parametrize("product", BUILDERS)
def test_a_link_to_anything_but_a_page_is_left_out(product):
    links = [
        Link("Open", "javascript:alert(1)"),
        Link("Open", "https://example.com/a|b>"),
        Link("", "https://ok.test/"),
    ]
    body = BUILDERS[product](Message("Title\nof two lines", ["\x00\u202e", ""], [Fact("", "x"), Fact("y", " ")], links))
    said = " ".join(texts(json.loads(body)))
    assert "javascript" not in said
    assert "a|b" not in said
    assert "https://ok.test/" in said
    assert "Title of two lines" in said


def test_the_same_as_text():
    message = Message("Title", ["One.", "Two."], [Fact("Answer", "500")], [LINK])
    assert plain(message) == f"One.\nTwo.\n\nAnswer: 500\n\n{LINK.label}: {LINK.url}"
