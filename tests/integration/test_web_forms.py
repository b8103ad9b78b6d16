"""Forms that web sites send to `/f/<public key>`."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import timedelta
from hashlib import sha384
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from forms_intake.models import FormRefusal, FormSource, FormSubmission, SenderRate
from forms_intake.web import refusals, script, script_source
from subscriptions.intake.errors import Refused
from subscriptions.maintenance import retention
from subscriptions.models import AuditEntry, Event
from tests.support.admin import login
from tests.support.factories import make_company, make_member, make_subscription

pytestmark = pytest.mark.django_db
SITE = "https://www.example.com"
THANKS = f"{SITE}/thanks"
BROWSER = {"Origin": SITE, "Accept": "text/html,*/*"}
NO_CARD, CARD = "4111 1111 1111 1112", "4111 1111 1111 1111"


@pytest.fixture
def source() -> FormSource:
    return FormSource.objects.create(company=make_company(), name="Site", allowed_origins=SITE, redirect_pages=THANKS)


def post(source: FormSource, data: Any, *, kind: str = "", **options: Any) -> Any:
    headers = {"Origin": SITE} | options.pop("headers", {})
    url = reverse("form-endpoint", args=[source.public_key])
    client = Client(enforce_csrf_checks=True)
    if kind:
        return client.post(url, data, content_type=kind, headers=headers, **options)
    return client.post(url, data, headers=headers, **options)  # multipart


def refusal() -> FormRefusal:
    return FormRefusal.objects.get()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "", "application/json", "text/plain"])
def test_a_form_comes_in_with_its_attribution(source: FormSource, kind: str):
    make_subscription(source.company)
    said: Any = {
        "name": "Ann", "email": "Ann@example.com", "password": "hunter2", "note": CARD, "gclid": "g1",
        "landing_page_url": f"{SITE}/?utm_source=news&utm_medium=mail&utm_term=roofs", "utm_campaign": "May",
        "referrer": "other.example.com",
    }  # fmt: skip
    if kind.startswith("application/x"):
        said = "&".join(f"{name}={value.replace('&', '%26')}" for name, value in said.items()) + "&box=a&box=b"
    elif kind:
        said = json.dumps(said | {"box": ["a", "b"]})
    else:
        said |= {"box": ["a", "b"]}
    answer = post(source, said, kind=kind, headers={"Referer": f"{SITE}/contact"})
    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert not answer.cookies
    form = FormSubmission.objects.get()
    assert form.form_data == {"name": "Ann", "email": "Ann@example.com", "gclid": "g1", "box": "a, b"}
    assert (form.form_url, form.referrer) == (f"{SITE}/contact", "other.example.com")
    assert (form.source, form.medium, form.campaign, form.keywords) == ("news", "mail", "May", "roofs")
    assert (form.utm_source, form.utm_medium, form.utm_campaign) == ("news", "mail", "May")
    assert form.person is not None
    assert form.person.email == "ann@example.com"
    body = json.loads(bytes(Event.objects.get(type="form_submission").body))
    assert "hunter2" not in str(body)
    source.refresh_from_db()
    assert source.received == 1


def test_what_the_script_sends_is_taken_once(source: FormSource):
    said = {"form_data": {"source": "a friend"}, "source": "ad", "form_url": SITE, "submission_id": "a" * 32}
    for _ in range(2):
        assert post(source, json.dumps(said), kind="text/plain").status_code == 200
    form = FormSubmission.objects.get()
    assert (form.form_data, form.source, form.external_source) == ({"source": "a friend"}, "ad", "web form")


def test_a_builders_webhook_is_taken_once_with_its_time_and_its_person(source: FormSource):
    """Builders try again until they get 200; they are programs, so the source allows any site."""
    FormSource.objects.update(allowed_origins="")
    sent = timezone.now() - timedelta(hours=3)
    answers = [{"type": "email", "email": "Ann@example.com", "field": {"id": "a1"}}]
    questions = {"fields": [{"id": "a1", "title": "Your email address"}]}
    response = {"token": "t1", "submitted_at": sent.isoformat(), "definition": questions, "answers": answers}
    for _ in range(2):
        answer = Client().post(
            reverse("form-endpoint", args=[source.public_key]), {"form_response": response}, "application/json"
        )
        assert answer.status_code == 200
    form = FormSubmission.objects.get()
    assert (form.form_data, form.submitted_at) == ({"Your email address": "Ann@example.com"}, sent)
    assert form.person is not None
    assert form.person.email == "ann@example.com"


@pytest.mark.parametrize("moved", [timedelta(days=-8), timedelta(hours=1)], ids=["long ago", "tomorrow"])
def test_a_builders_time_is_believed_for_a_week(source: FormSource, moved: timedelta):
    payload = {"data": {"a": "1"}, "submittedAt": (timezone.now() + moved).isoformat()}
    said = {"triggerType": "form_submission", "payload": payload}
    assert post(source, json.dumps(said), kind="application/json").status_code == 200
    assert abs(FormSubmission.objects.get().submitted_at - timezone.now()) < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("wanted", "leads_to"),
    [
        ("", THANKS),
        (f"{THANKS}?a=1", f"{THANKS}?a=1"),
        ("https://evil.example.com/", None),
        (f"{SITE}/other", None),
        ("javascript:alert(1)", None),
        (f"{THANKS}\r\nX: y", None),
    ],
)
def test_browsers_are_led_to_allowed_pages_only(source: FormSource, wanted: str, leads_to: str | None):
    answer = post(source, {"name": "Ann", "redirect_to": wanted}, headers=BROWSER)
    assert (answer.status_code, answer.headers.get("Location")) == ((303, leads_to) if leads_to else (200, None))
    if not leads_to:
        assert "Thank you" in answer.content.decode()
    assert FormSubmission.objects.get().form_data == {"name": "Ann"}


def test_a_robot_is_told_what_a_person_is_told(source: FormSource):
    person = post(source, {"name": "Ann", source.honeypot_field: ""})
    robot = post(source, {"name": "Bot", "card": CARD, source.honeypot_field: "x"})
    assert (robot.status_code, robot.content) == (person.status_code, person.content)
    assert FormSubmission.objects.get().form_data == {"name": "Ann"}
    assert refusal().reason == "trap"
    assert CARD not in str(refusal().form)
    assert refusals.accept(refusal()) is True
    assert refusals.accept(refusal()) is False
    assert FormSubmission.objects.count() == 2


def test_other_sites_may_not_send_until_they_are_allowed(source: FormSource):
    other = "https://shop.example.com"
    url = reverse("form-endpoint", args=[source.public_key])
    asked = {"Origin": other, "Access-Control-Request-Method": "POST"}
    assert Client().options(url, headers=asked).status_code == 403
    answer = post(source, {"name": "Ann"}, headers={"Origin": other})
    assert answer.status_code == 403
    assert other in answer.json()["error"]
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert post(source, {"name": "Ann"}, headers={"Origin": "null"}).status_code == 403
    row = FormRefusal.objects.get(origin=other, form__isnull=False)
    with pytest.raises(Refused, match="not among the sites"):
        refusals.accept(row)
    source.allowed_origins += f"\n{other.upper()}/ignored"
    source.full_clean()
    source.save()
    assert source.origins == [SITE, other]
    assert refusals.accept(row) is True
    assert FormSubmission.objects.get().submitted_at == row.received_at
    answer = Client().options(url, headers=asked)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, other)
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"


@pytest.mark.sample(every=3)
@pytest.mark.parametrize(
    ("data", "kind", "status", "reason"),
    [
        ({"name": "Ann", "file": SimpleUploadedFile("a.txt", b"x")}, "", 400, "file"),
        ("[1]", "application/json", 400, "malformed"),
        ("{", "application/json", 400, "malformed"),
        ("[" * 100_000, "application/json", 400, "malformed"),
        ("[[1]]", "application/json", 400, "malformed"),
        ('{"a":' * 30 + "1" + "}" * 30, "application/json", 400, "malformed"),
        ("{}", "application/json", 400, "malformed"),
        ("<x/>", "application/xml", 400, "malformed"),
        ("x", "multipart/form-data", 400, "malformed"),
        ("a=1", "application/x-www-form-urlencoded; charset=latin-1", 400, "malformed"),
        ("&".join(f"a{n}=1" for n in range(201)), "application/x-www-form-urlencoded", 413, "too_large"),
        ("&".join(f"a{n}=1" for n in range(1200)), "application/x-www-form-urlencoded", 413, "too_large"),
        ("a=" + "x" * 20_001, "application/x-www-form-urlencoded", 413, "too_large"),
        ("a=" + "x" * 300_000, "application/x-www-form-urlencoded", 413, "too_large"),
    ],
)
def test_what_cannot_be_taken_is_refused_in_words(source: FormSource, data: Any, kind: str, status: int, reason: str):
    answer = post(source, data, kind=kind)
    assert answer.status_code == status
    assert refusal().reason == reason
    assert refusal().detail.startswith(answer.json()["error"])
    assert not FormSubmission.objects.exists()


def test_odd_characters_are_no_error(source: FormSource):
    said = '{"name": "a\\u0000b\\ud800", "n\\u0000": 1, "utm_source": "\\udfff", "form_url": "http://[x"}'
    assert post(source, said, kind="application/json").status_code == 200
    assert FormSubmission.objects.get().form_data == {"name": "a\ufffdb\ufffd", "n\ufffd": "1"}
    assert post(source, b"name=%00%ff", kind="application/x-www-form-urlencoded").status_code == 200


def test_an_address_that_sends_too_much_waits(source: FormSource, settings: Any):
    settings.FORMS_PER_MINUTE = 2
    answers = [post(source, {"n": str(number)}, REMOTE_ADDR="192.0.2.1") for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) == 30
    assert post(source, {"n": "4"}, REMOTE_ADDR="192.0.2.2").status_code == 200
    assert (refusal().reason, refusal().address) == ("too_many", "192.0.2.1")
    assert refusals.accept(refusal()) is True
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'forms_intake_senderrate'")
        assert cursor.fetchone() == ("u",)


def test_a_source_that_is_not_active_keeps_what_comes(source: FormSource):
    FormSource.objects.update(active=False)
    assert post(source, {"name": "Ann"}).status_code == 403
    FormSource.objects.update(active=True)
    assert refusals.accept(refusal()) is True


def test_refusals_are_bounded_and_go_with_age(source: FormSource, settings: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(refusals, "MOST_KEPT", 2)
    for name in ("a", "a", "b", "c"):
        post(source, {"name": name}, headers={"Origin": "https://evil.example.com"})
    source.refresh_from_db()
    assert (FormRefusal.objects.count(), source.refused, source.unlisted) == (2, 4, 1)
    assert sorted(FormRefusal.objects.values_list("times", flat=True)) == [1, 2]
    retention.delete_expired()
    assert FormRefusal.objects.count() == 2
    FormRefusal.objects.update(received_at="2020-01-01T00:00Z")
    SenderRate.objects.update(used_until="2020-01-01T00:00Z")
    retention.delete_expired()
    assert (FormRefusal.objects.count(), SenderRate.objects.count()) == (0, 0)


def test_unknown_keys_and_other_methods(source: FormSource):
    assert Client().post("/f/nothing", {"a": "1"}).status_code == 404
    assert Client().post("/f/%00", {"a": "1"}).status_code == 404
    assert Client().get(reverse("form-endpoint", args=[source.public_key])).status_code == 405


@pytest.mark.parametrize(
    ("field", "lines"), [("allowed_origins", "example.com"), ("redirect_pages", "javascript:alert(1)")]
)
def test_a_source_takes_addresses_only(source: FormSource, field: str, lines: str):
    setattr(source, field, lines)
    with pytest.raises(ValidationError, match="must start with https://"):
        source.full_clean()


def test_an_admin_makes_a_source_and_takes_refused_forms_in(source: FormSource):
    client = login(make_member(source.company))
    data = {"name": "Shop", "allowed_origins": "https://shop.example.com/", "honeypot_field": "trap", "active": "on"}
    answer = client.post(reverse("admin:forms_intake_formsource_add"), data, follow=True)
    made = FormSource.objects.get(name="Shop")
    page = answer.content.decode()
    assert made.allowed_origins == "https://shop.example.com"
    assert f"/f/{made.public_key}" in page
    assert "integrity=&quot;sha384-" in page
    post(source, {"name": "Ann"}, headers={"Origin": "https://shop.example.com"})
    FormSource.objects.filter(pk=source.pk).update(allowed_origins="")
    url = reverse("admin:forms_intake_formrefusal_change", args=[refusal().pk])
    assert "Ann" in client.get(url).content.decode()
    client.post(reverse("admin:forms_intake_formrefusal_take_in", args=[refusal().pk]))
    assert FormSubmission.objects.get().form_data == {"name": "Ann"}
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", flat=True))
    assert acts == ["Created a web form", "Accepted a refused form"]


def test_the_script_is_what_its_hash_says():
    newest = script.list_versions()[-1]
    answer = Client().get(reverse("capture-script", args=[newest.name]))
    digest = b64encode(sha384(answer.content).digest()).decode()
    assert f'integrity="sha384-{digest}" crossorigin="anonymous" data-key="KEY"' in script.build_script_tag("KEY")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "immutable" in answer.headers["Cache-Control"]
    assert len(answer.content) < 8_000
    assert Client().get("/f/js/capture.0.js").status_code == 404


def test_released_scripts_stay_and_the_newest_is_made_of_its_parts():
    names = [one.name for one in script.list_versions()]
    released = script_source.list_released()
    assert released == names[: len(released)], "a released script changed, and pages name it with its hash"
    assert len(names) - len(released) <= 1
    assert script_source.is_current(script_source.list_files()[-1]), "run ./dev capture"
