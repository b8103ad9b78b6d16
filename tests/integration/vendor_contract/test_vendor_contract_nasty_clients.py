"""Beyond the contract: whatever a client sends, it gets an answer of the vendor's shape, and never a 500."""

from __future__ import annotations

import pytest

from tests.support.contract_client import ContractClient, below_host
from tests.support.factories import ended_call, make_company, make_form, make_key, make_text, make_tracker

LISTS = (
    "/v3/a.json", "calls", "calls/summary", "calls/timeseries", "form_submissions", "forms/summary", "text-messages",
    "sms-threads", "leads", "trackers", "tags", "users", "companies", "integrations", "integration_triggers",
    "calls/{call}/page_views", "calls/{call}", "text-messages/{conversation}", "sms-threads/{thread}",
    "leads/{lead}/timeline", "form_submissions/{form}", "trackers/{tracker}", "tags/{tag}", "companies/{company}",
)  # fmt: skip
HUGE = "9" * 30
# Query strings, raw.
QUERIES = (
    f"page={HUGE}&per_page={HUGE}&offset={HUGE}", "page=-1&per_page=-5&offset=-9", "page=0&per_page=0", "page=1e3",
    "page=%D9%A3&per_page=%E0%A5%AA", "page[]=2&per_page[]=3", "page=2&page=3", "page=&per_page=&fields=&search=",
    "relative_pagination=maybe", "relative_pagination=true&offset=x", f"relative_pagination=true&offset={HUGE}",
    "callhooks_after=%00", "callhooks_after=W10", "callhooks_after=" + "A" * 3000, "callhooks_after=bnVsbA",
    "callhooks_after=WyIxIiwiMiJd", "callhooks_after=WyIyMDI2LTAxLTAxVDAwOjAwOjAwKzAwOjAwIiwiLTEiXQ",
    "relative_pagination=true&callhooks_after=WyJcdWQ4MDAiLCIxIl0", "callhooks_after=W1siYSJdLDFd",
    "start_date=0001-01-01&end_date=9999-12-31", "start_date=-1", "start_date=20260101", "end_date=2026-W01-1",
    "start_date=2026-01-01T00:00:00%2B99:99", "start_date=2026-01-01T24:00", "date_range=%F0%9F%93%9E",
    "start_date=2026-01-01T00:00:00.123456789Z&end_date=2026-01-02", "date_range=all_time&start_date=x",
    "time_zone=../../etc/passwd", "time_zone=/etc/localtime", "time_zone=%00", "time_zone=America",
    "time_zone=" + "A" * 500, "time_zone=Asia/Kathmandu&date_range=all_time", "sort=%00", "sort=id;drop",
    "sort=pk&order=desc", "order=sideways", "sort=tags&order=desc", "sort=first_call", "sort=lead_status&order=asc",
    "sort=duration", "sort=source&order=desc", "search=%00", "search=%25%25", "search=" + "x" * 5000, "search=%5C",
    "search='; --", "search=%FF%FE", "search=%ED%A0%80", "search=(.*)+", "search=-", "search=%2B",
    "fields=" + "note," * 3000, "fields[]=note", "fields=*", "fields=%00",
    "fields=company__signing_key,recording_access_key,secret", "tags[]=%00", "tags=" + "a," * 2000, "tags[][]=x",
    "company_id=COM", "company_id=-1", f"company_id={HUGE}", "company_id[]=x", "company_id=%00", "company_id=COM%27",
    "tracker_id=TRK", f"tracker_id={HUGE}", "tracker_id=%00", "tracker_ids[]=x&tracker_ids[]=%00", "call_type=x",
    "device[]=mobile", "lead_status=null", "answer_status=", "direction=INBOUND", f"min_duration={HUGE}",
    "min_duration=-1", "max_duration=1.5", "group_by=company__signing_key", "group_by=%00",
    "interval=hour&date_range=all_time", "interval=day&start_date=1900-01-01&end_date=2200-01-01", f"agent={HUGE}",
    "agent=USR" + "f" * 32, "agent=%00", "interval=year&start_date=1900-01-01&end_date=2199-12-31",
    "interval=week&date_range=last_year", "%00=%00", "=&&&=;", "person_lead=perhaps", "with_msg_errors=2",
    "hipaa_account=x", "status=x", "type=x", "tag_level=x", "custom_form_ids=1,2", "format=xml", "format=api",
    "_method=DELETE", "callback=alert", "signing_key=1", "page=1;per_page=2", "a" * 6000,
)  # fmt: skip
WRONG = (None, True, 5, -1.5, 10**40, "x", "\x00", "\ud800", "x" * 200_000, [], [[]], [None], {}, {"a": {}}, ["\x00"])
TRACKER, COMPANY = "trackers/{tracker}", "companies/{company}"
BODIES = (
    ("PUT", "calls/{call}", "tags append_tags note value lead_status customer_name spam"),
    ("PUT", "form_submissions/{form}", "tags append_tags note value lead_status"),
    ("PUT", "sms-threads/{thread}", "notes value tags append_tags lead_qualification"),
    ("PUT", "text-messages/{conversation}", "state"),
    ("PUT", "tags/{tag}", "name color disabled"),
    ("POST", "tags", "name company_id color tag_level"),
    ("PUT", TRACKER, "name call_flow source"),
    ("PUT", COMPANY, "name time_zone callscribe_enabled external_form_capture"),
    ("POST", "integrations", "type company_id config"),
    ("PUT", "integrations/{integration}", "state config"),
    ("POST", "integration_triggers", "company_id integration_id tracker_ids call_type min_duration lead_status"),
    ("PUT", "integration_triggers/{filter}", "tracker_ids call_type min_duration max_duration lead_status"),
    ("POST", "form_submissions", "form_submission"),
    ("POST", "form_submissions/ignored_fields", "company_ids field_names"),
    ("POST", "companies/bulk_update", "company_ids external_form_capture"),
    ("POST", "text-messages", "company_id"),
    ("POST", "calls", "caller_id"),
)  # fmt: skip


@pytest.fixture
def places(company, client):
    """The ids of one thing of each kind."""
    call = ended_call(company, make_tracker(company))
    thread = make_text(company, call.tracker).thread
    integration = client.post("integrations", {"type": "Webhooks", "config": {}})["id"]
    sent = {"company_id": client.company, "min_duration": 1}
    return {
        "call": call.resource_id, "tracker": call.tracker.resource_id, "conversation": thread.conversation_id,
        "thread": thread.resource_id, "lead": call.person.resource_id, "form": make_form(company).resource_id,
        "company": company.resource_id, "integration": integration,
        "tag": client.post("tags", {"company_id": client.company, "name": "hot"})["id"],
        "filter": client.post("integration_triggers", sent)["id"],
    }  # fmt: skip


def test_odd_parameters(client, company, places):
    """Each query is sent to the calls or to another list, in turn."""
    for index, query in enumerate(QUERIES):
        path = "calls" if index % 2 else LISTS[index // 2 % len(LISTS)]
        more = "" if "company_id" in query else f"&company_id={company.resource_id}"
        answer = client.ask("GET", f"{client.url(path.format(**places))}?{query}{more}")
        assert answer.status in (200, 400, 404), (path, query)
        assert b"signing_key" not in answer.raw, (path, query)
        if answer.next_link and len(query) < 4000:
            assert client.ask("GET", below_host(answer.next_link)).status == 200, (path, query)


def test_bodies_of_wrong_types(client, places):
    """Each field with odd values, a few of them in turn."""
    turn = 0
    for method, path, names in BODIES:
        for name in names.split():
            for _ in range(2):
                value, turn = WRONG[turn % len(WRONG)], turn + 4
                answer = client.ask(method, path.format(**places), {name: value})
                assert answer.status in (200, 201, 400, 403, 404, 422), (path, name, value)


def test_forms_with_odd_fields(client):
    good = {"form_url": "https://example.com/", "form_data": {"a": "b"}, "referrer": "x"}
    for name in ("company_id", "referrer", "referring_url", "landing_page_url", "form_url", "form_data", "session_id"):
        for value in WRONG[len(name) % 4 :: 4]:
            answer = client.ask("POST", "form_submissions", {"form_submission": {**good, name: value}})
            assert answer.status in (201, 400, 404, 422), (name, value)
    for data in (
        {"\x00": "a"},
        {"a": ["b", {"c": "\x00"}]},
        {"a": 10**40},
        {str(n): "x" for n in range(5000)},
        {"": ""},
    ):
        answer = client.ask("POST", "form_submissions", {"form_submission": {**good, "form_data": data}})
        assert answer.status in (201, 400, 422)


def test_bodies_that_are_no_objects(client, places):
    for content in (b"", b"[1]", b"nul", b'{"a":', b"\xff\xfe", b"[" * 100_000, b'{"note": NaN}', b'{"note": 1e999}',
                    b'{"note": "a", "note": "b"}', b"1" * 5000, b'{"value": ' + b"9" * 6000 + b"}"):  # fmt: skip
        for method, path, _ in BODIES[len(content) % 5 :: 5]:
            answer = client.ask_raw(method, client.url(path.format(**places)), content, "application/json")
            assert answer.status in (200, 201, 400, 403, 404, 406, 413, 422), (path, content[:20])


def test_ids_that_are_none(client, places):
    odd = [
        "%00",
        "..",
        "%2e%2e%2f",
        "-1",
        "0",
        HUGE,
        "CAL",
        "null",
        "CAL" + "g" * 32,
        "cal" + "0" * 32,
        "%F0%9F%93%9E",
        "a b",
        "x" * 500,
    ]
    paths = (
        "calls", "trackers", "tags", "companies", "users", "form_submissions", "integrations", "integration_triggers",
        "text-messages", "sms-threads",
    )  # fmt: skip
    for index, path in enumerate(paths):
        for text in odd[index % 3 :: 3]:
            assert client.ask("GET", f"{path}/{text}").status == 404, (path, text)
            assert client.ask("PUT", f"{path}/{text}", {}).status in (400, 403, 404, 405), (path, text)
    for text in [*odd, "ACC" + "0" * 32, "999999999"]:
        assert client.ask("GET", f"/v3/a/{text}/calls.json").status == 404, text


def test_long_positions_fall_back_to_numbers(company, client):
    """A link never holds a position that its own server refuses."""
    tracker = make_tracker(company)
    for number in range(3):
        ended_call(company, tracker, landing_page_url=f"https://example.com/{number}/" + "x" * 2000)
    walked = client.links("calls", date_range="all_time", sort="landing_page_url", per_page=1)
    assert len({row["id"] for page in walked for row in page}) == 3


def test_somebody_elses_link(client, company):
    """A link that another key got is followed within one's own account only."""
    tracker = make_tracker(company)
    for _ in range(3):
        ended_call(company, tracker)
    link = below_host(client.ask("GET", "calls", None, {"date_range": "all_time", "per_page": 1}).next_link)
    reader = ContractClient(make_key(company, ["read"]))
    assert reader.ask("GET", link).status == 200
    stranger = ContractClient(make_key(make_company("Other")))
    assert stranger.ask("GET", link).status == 404
    assert stranger.get(link.replace(client.account, stranger.account))["calls"] == []
