"""What holds for every address: keys, errors, headers, unknown parameters, tenants."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from callhooks_site.vendor_api import ids
from callhooks_site.vendor_api.authentication import token_of
from subscriptions.models import ApiKey
from tests.support.factories import ended_call, make_company, make_form, make_subscription, make_text, make_tracker
from tests.support.vendor_api import Vendor

pytestmark = pytest.mark.django_db
LISTS = [
    "/v3/a", "calls", "companies", "trackers", "tags", "users", "form_submissions", "text-messages", "sms-threads",
    "leads", "integrations?company_id={company}", "integration_triggers?company_id={company}", "calls/summary",
    "calls/timeseries", "forms/summary",
]  # fmt: skip
RATES = [f"x-rate-limit-{span}-{what}" for span in ("hourly", "daily") for what in ("allowed", "used")]


@pytest.fixture
def company():
    return make_company()


@pytest.fixture
def client(company):
    return Vendor(company)


@pytest.mark.parametrize(
    "header",
    [
        'Token token="K-_1"',
        "Token token=K-_1",
        'Token token="K-_1", email="a@example.com"',
        'token email="x", token="K-_1"',
        "Token K-_1",
        "Bearer K-_1",
        'Token  token = "K-_1"',
    ],
)
def test_tokens_as_clients_write_them(header):
    assert token_of(header) == "K-_1"


@pytest.mark.parametrize("header", ["", "Token", "Basic eDp5", "Token token=", "Digest x"])
def test_no_token(header):
    assert token_of(header) == ""


@pytest.mark.sample(every=4)
@pytest.mark.parametrize("path", LISTS)
def test_lists_answer_whatever_clients_add(company, client, path):
    path = path.replace("{company}", str(company.pk))
    plain = client.get(path)
    suffixed = path.replace("?", ".json?") if "?" in path else f"{path}.json"
    more = {"sorting": "", "start": "x", "utmz": "1", "fields": "utma,nonsense,id", "sort": "nonsense", "page": 1}
    answers = [
        client.get(suffixed),
        client.get(suffixed, **more) if "?" not in path else client.get(f"{suffixed}&sorting=&fields=utma,id&sort=x"),
        client.get(f"{suffixed}{'' if '?' in path else '?'}"),
    ]
    client.authorization = f"Token token={client.token}"
    answers.append(client.get(path))
    if not path.startswith("/"):
        client.account = str(ids.account_number(company))
        answers.append(client.get(path))
        client.account = ids.account_id(company)
        joint = "&" if "?" in path else "?"
        answers += [client.get(f"{path}{joint}company_id={given}") for given in (company.pk, company.resource_id)]
    for answer in answers:
        if "end_date" not in plain:
            assert answer == plain


def test_methods(client):
    for method in ("patch", "options", "head"):
        answer = client.send(method, "calls.json")
        assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")
    for method, path in (("put", "calls.json"), ("delete", "users.json"), ("post", "companies/1.json")):
        assert client.told(method, path, {}, 405)


def test_no_key_and_wrong_keys(client):
    for header in ({}, {"Authorization": 'Token token="chk_nonsense"'}, {"Authorization": "Basic eDp5"}):
        answer = Client().get("/v3/a.json", headers=header)
        assert (answer.status_code, list(answer.json())) == (401, ["error"])
        assert answer.headers["WWW-Authenticate"].startswith("Token")
        assert [answer.headers[name] for name in RATES][1::2] == ["0", "0"]


def test_keys_may_what_their_scopes_say(company):
    call = ended_call(company)
    reading = Vendor(company, ["read"])
    reading.get("calls.json")
    for method, path in (("put", f"calls/{call.resource_id}"), ("post", "tags"), ("post", "integrations")):
        assert reading.told(method, path, {}, 403) == "You do not have permission to perform the requested action"
    bringing = Vendor(company, ["ingest"])
    bringing.get("calls.json", code=403)
    assert bringing.send("put", f"calls/{call.resource_id}.json", {"note": "x"}).status_code == 200
    bringing.post("integrations.json", {"config": {}}, code=403)
    assert Vendor(company, ["manage"]).post("integrations.json", {"config": {}}, code=400)


def test_headers(company, client):
    answer = client.send("get", "calls.json")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert answer.headers["ETag"].startswith('W/"')
    assert answer.headers["Vary"] == "Origin"
    assert float(answer.headers["X-Runtime"]) >= 0
    assert "X-Request-Id" in answer.headers
    assert [int(answer.headers[name]) for name in RATES][1::2] == [1, 1]
    again = client.send("get", "calls.json")
    assert [int(again.headers[name]) for name in RATES][1::2] == [2, 2]
    assert all(int(again.headers[name]) > 1_000 for name in RATES[::2])


def test_what_is_known_is_not_sent_again(client):
    tag = client.send("get", "companies.json").headers["ETag"]
    account = f"/v3/a/{client.account}/companies.json"
    answer = Client().get(account, headers={"Authorization": client.authorization, "If-None-Match": tag})
    assert (answer.status_code, answer.content) == (304, b"")


def test_too_many(client, settings):
    settings.API_REQUESTS_PER_MINUTE = 2
    answers = [client.send("get", "calls.json") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert list(answers[2].json()) == ["error"]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert [answers[2].headers[name] for name in RATES] == ["120", "3", "2880", "3"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("get", "calls/CAL0123456789abcdef0123456789abcdef.json", None, 404),
        ("get", "calls/nonsense.json", None, 404),
        ("get", "nonsense.json", None, 404),
        ("get", "/v3/nonsense", None, 404),
        ("get", "/v3/a/ACC0123456789abcdef0123456789abcdef/calls.json", None, 404),
        ("get", "/v3/a/x/calls.json", None, 404),
        ("get", "integrations.json", None, 400),
        ("get", "calls.json?page=x", None, 400),
        ("get", "calls.json?order=up", None, 400),
        ("get", "calls.json?start_date=yesterday", None, 400),
        ("get", "calls.json?date_range=ever", None, 400),
        ("get", "calls.json?time_zone=Mars", None, 400),
        ("get", "calls.json?call_type=funny", None, 400),
        ("get", "calls.json?search=%00", None, 400),
        ("get", "calls.json?company_id=COM0123456789abcdef0123456789abcdef", None, 404),
        ("get", "calls.json?callhooks_after=xyz", None, 400),
        ("put", "companies/{company}.json", [1], 400),
        ("post", "integrations.json", {"type": "Custom", "config": {"grab_cookies": ["_ga"]}}, 403),
        ("post", "form_submissions.json", {}, 400),
    ],
)
def test_errors(company, client, method, path, body, status):
    assert client.told(method, path.replace("{company}", str(company.pk)), body, status)


def test_bodies_are_json_whatever_their_type(company, client):
    send = Client().generic
    path, headers = f"/v3/a/{client.account}/companies/{company.pk}.json", {"Authorization": client.authorization}
    for content_type in ("application/json", "", "application/x-www-form-urlencoded", "text/plain"):
        answer = send("PUT", path, '{"name": "New"}', content_type, headers=headers)
        assert (answer.status_code, answer.json().get("name")) == (200, "New"), content_type
    wrong = [("name=New", "application/x-www-form-urlencoded", 406), ("{", "text/plain", 406), ("{", "", 400)]
    for body, content_type, status in wrong:
        answer = send("PUT", path, body, content_type, headers=headers)
        assert (answer.status_code, list(answer.json())) == (status, ["error"])


def test_another_companys_rows_are_not_there(company, client):
    other = make_company("Other")
    tracker = make_tracker(other)
    call = ended_call(other, tracker, start_time=timezone.now() - timedelta(hours=1))
    text, form = make_text(other, tracker), make_form(other)
    make_subscription(other)
    theirs = [
        f"calls/{call.resource_id}", f"calls/{call.pk}", f"calls/{call.resource_id}/recording",
        f"trackers/{tracker.resource_id}", f"trackers/{tracker.pk}", f"companies/{other.resource_id}",
        f"form_submissions/{form.resource_id}", f"text-messages/{text.thread.conversation_id}",
        f"text-messages/{text.thread.resource_id}", f"sms-threads/{text.thread.resource_id}",
        f"leads/{call.person.resource_id}/timeline", f"integrations/{other.pk}",
        f"integration_triggers/{other.pk * 2 + 1}",
    ]  # fmt: skip
    for path in theirs:
        client.get(path, code=404)
        if not path.endswith(("recording", "timeline")):
            assert client.send("put", path, {"name": "x", "note": "x", "state": "archived"}).status_code == 404, path
    for path in LISTS:
        if "?" not in path and not path.startswith("/") and "/" not in path:
            assert client.get(path)["total_records"] == (1 if path == "companies" else 0), path
    assert client.get("calls.json", tracker_id=tracker.resource_id)["calls"] == []
    account = ids.account_id(other)
    for path in ("", "/calls", f"/calls/{call.resource_id}", "/integrations"):
        client.get(f"/v3/a/{account}{path}.json", code=404)
    answers = [client.get("calls.json", company_id=given, code=404) for given in (other.pk, other.resource_id)]
    assert all("Other" not in words for words in answers)


def test_an_operators_key_sees_every_account():
    ours, other = make_company("Ours"), make_company("Other")
    _, secret = ApiKey.objects.issue(company=None, name="operator")
    client = Vendor(ours, token=secret)
    assert [each["name"] for each in client.get("/v3/a.json")["accounts"]] == ["Other", "Ours"]
    client.account = ids.account_id(other)
    assert client.get("companies.json")["companies"][0]["name"] == "Other"


def test_the_document_is_served():
    body = Client().get("/v3/schema.json").json()
    assert body["openapi"] == "3.1.1"
    assert len(body["paths"]) > 25


def test_errors_outside_of_views_have_the_same_shape():
    answer = Client().get("/v3/a.json", headers={"Host": "elsewhere.example.com"})
    assert (answer.status_code, list(answer.json())) == (400, ["error"])
