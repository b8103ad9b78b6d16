"""A file says how companies are set up: written by export_config, compared and made so by apply_config."""

from __future__ import annotations

import io

import pytest
import yaml
from django.core.management import call_command
from django.core.management.base import CommandError

from callhooks_site.intake.providers.models import IngestSource
from callhooks_site.privacy.models import KeptDays
from calls.models import Tag, Tracker
from forms_intake.models import FormSource
from subscriptions.endpoints import operations
from subscriptions.models import AlertDestination, AuditEntry, Company, Subscription
from tests.support import factories
from tests.support.alerts import make_destination

pytestmark = pytest.mark.django_db

SECRETS = {
    "CALLHOOKS_ACME__CRM_TOKEN": "token-0123456789",
    "CALLHOOKS_ACME__CRM_X_API_KEY": "key-0123456789",
    "CALLHOOKS_ACME__LOGIN_PASSWORD": "pass word",
    "CALLHOOKS_ACME__TWILIO_AUTH_TOKEN": "auth-0123456789",
    "CALLHOOKS_ACME__CHAT_URL": "https://hooks.slack.com/services/T0/B0/secret",
}


@pytest.fixture
def acme(monkeypatch):
    """A company with one of everything. Its secrets are in the environment."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    company = factories.make_company("Acme", time_zone="America/Chicago", recording_expected=False,
                                     default_conditions={"field": "direction", "in": ["inbound"]})  # fmt: skip
    ads = Tracker.objects.create(company=company, phone_number="+14045550100", name="Google Ads", source="google_paid")
    Tracker.objects.create(company=company, phone_number="+14045550101", name="Old", active=False)
    Tag.objects.create(company=company, name="Roof", color="green1")
    KeptDays.objects.create(company=company, calls=300)
    crm = factories.make_subscription(
        company, "https://crm.example.com/hooks", ["post_call"], name="CRM",
        auth_token=SECRETS["CALLHOOKS_ACME__CRM_TOKEN"],
        conditions={"any": [{"field": "tracker", "in": [ads.resource_id]}, {"field": "tags", "in": ["Roof"]}]},
        custom_headers={"X-Api-Key": SECRETS["CALLHOOKS_ACME__CRM_X_API_KEY"]}, shape={"mask": ["names"]}, ordered=True,
    )  # fmt: skip
    login = factories.make_subscription(
        company, "https://login.example.com/", ["form_submission"], name="Login", encoding="form", auth_user="ann",
        auth_password=SECRETS["CALLHOOKS_ACME__LOGIN_PASSWORD"], payload_version="2026-05",
    )  # fmt: skip
    operations.pause(login)
    FormSource.objects.create(
        company=company, name="Site", allowed_origins="https://www.example.com\nhttps://example.com"
    )
    IngestSource.objects.create(
        company=company,
        name="Twilio",
        account_sid="AC" + "0" * 32,
        auth_token=SECRETS["CALLHOOKS_ACME__TWILIO_AUTH_TOKEN"],
    )
    chat = make_destination(company, "slack", SECRETS["CALLHOOKS_ACME__CHAT_URL"], name="Chat", alerts=["failing"])
    chat.subscriptions.set([crm])
    return company


def export(*companies):
    out = io.StringIO()
    call_command("export_config", company=list(companies), stdout=out)
    return out.getvalue()


@pytest.fixture
def apply(tmp_path):
    """Apply a text; returns what was said, and the exit code of a plan."""

    def run(text, **options):
        file, out = tmp_path / "config.yaml", io.StringIO()
        file.write_text(text)
        code = 0
        try:
            call_command("apply_config", str(file), stdout=out, **options)
        except SystemExit as ended:
            code = int(ended.code or 0)
        return out.getvalue().splitlines(), code

    return run


def empty():
    for model in (AlertDestination, Subscription, FormSource, IngestSource, Tracker, Tag, KeptDays):
        rows = model.with_alerts if model is Subscription else model.objects
        rows.all().delete()
    AuditEntry.objects.all().delete()
    Company.objects.all().delete()


def test_what_was_exported_makes_the_same_on_an_empty_installation(acme, apply):
    text = export()
    for secret in [*SECRETS.values(), acme.signing_key, *Subscription.objects.values_list("secret", flat=True)]:
        assert secret not in text
    empty()
    planned, code = apply(text, plan=True)
    assert (len(planned), code) == (10, 2)
    assert not Company.objects.exists()
    apply(text)
    assert export() == text
    assert "TRK" not in text
    company = Company.objects.get()
    crm, login = Subscription.objects.get(name="CRM"), Subscription.objects.get(name="Login")
    assert (crm.auth_token, dict(crm.custom_headers)) == (SECRETS["CALLHOOKS_ACME__CRM_TOKEN"], {
        "X-Api-Key": SECRETS["CALLHOOKS_ACME__CRM_X_API_KEY"],
    })  # fmt: skip
    assert (login.auth_user, login.auth_password, login.state) == ("ann", "pass word", "paused")
    assert AlertDestination.objects.get().endpoint.secret_url == SECRETS["CALLHOOKS_ACME__CHAT_URL"]
    assert (company.country, company.recording_expected) == ("US", False)
    assert AuditEntry.objects.filter(company=company, actor="apply_config", act="Added").count() == 8


def test_a_second_time_changes_nothing(acme, apply):
    entries = AuditEntry.objects.count()
    assert apply(export(), plan=True) == (["Nothing to change."], 0)
    assert apply(export())[0] == ["Nothing to change.", "0 changes made."]
    assert AuditEntry.objects.count() == entries


def test_a_plan_says_what_will_be_done_and_does_nothing(acme, apply):
    text = (
        export()
        .replace("name: Google Ads", "name: Ads")
        .replace("- post_call", "- pre_call")
        .replace("calls: 300", "calls: 30")
    )
    lines, code = apply(text, plan=True)
    assert code == 2
    assert lines == [
        "~ Acme: company: kept_days",
        "~ Acme: tracking number +14045550100: name",
        "~ Acme: subscription CRM: events",
    ]
    assert Tracker.objects.filter(name="Google Ads").exists()
    assert apply(text)[0] == [*lines, "3 changes made."]
    assert Subscription.objects.get(name="CRM").events == ["pre_call"]
    assert apply(text, plan=True)[1] == 0


def test_what_the_file_does_not_name_stays_unless_it_is_pruned(acme, apply):
    text = yaml.safe_dump({"version": 1, "companies": [{"name": "Acme", "time_zone": "America/Chicago", "country": "US",
        "recording_expected": False, "default_conditions": {"field": "direction", "in": ["inbound"]},
        "kept_days": {"calls": 300}, "trackers": [{"phone_number": "+14045550101", "name": "Old", "active": False}],
        "tags": [{"name": "roof", "color": "green1"}]}]})  # fmt: skip
    assert apply(text.replace("roof", "Roof"), plan=True)[1] == 0
    lines, _ = apply(text.replace("roof", "Roof"), prune=True)
    assert lines == [
        "- Acme: tracking number +14045550100: switched off",
        "- Acme: web form Site: switched off",
        "- Acme: phone system Twilio: paused",
        "- Acme: subscription CRM: removed",
        "- Acme: subscription Login: removed",
        "- Acme: alert destination Chat: removed",
        "6 changes made.",
    ]
    assert apply(text.replace("roof", "Roof"), prune=True)[0][0] == "Nothing to change."


def test_secrets_change_with_the_environment_and_stay_without(acme, apply, monkeypatch, tmp_path):
    text = export()
    monkeypatch.setenv("CALLHOOKS_ACME__CRM_TOKEN", "another-0123456789")
    monkeypatch.delenv("CALLHOOKS_ACME__CHAT_URL")
    monkeypatch.delenv("CALLHOOKS_ACME__LOGIN_PASSWORD")
    kept = tmp_path / "auth"
    kept.write_text("from-a-file-0123\n")
    text = text.replace("env:CALLHOOKS_ACME__TWILIO_AUTH_TOKEN", f"file:{kept}")
    lines, _ = apply(text)
    assert lines == [
        "~ Acme: phone system Twilio: auth_token",
        "~ Acme: subscription CRM: auth_token",
        "2 changes made.",
    ]
    assert IngestSource.objects.get().auth_token == "from-a-file-0123"
    assert Subscription.objects.get(name="Login").auth_password == "pass word"
    assert "another-0123456789" not in "".join(AuditEntry.objects.values_list("detail", flat=True))


def test_only_the_named_companies_are_touched(acme, apply):
    other = factories.make_company("Other")
    text = export().replace("name: Google Ads", "name: Ads")
    assert "name: Other" in text
    assert "name: Acme" not in export("Other")
    assert apply(text, company=["Other"], prune=True)[0] == ["Nothing to change.", "0 changes made."]
    assert Tracker.objects.filter(name="Google Ads").exists()
    assert other.name == "Other"


@pytest.mark.sample(every=3)
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("version: 1", "version: 2", "config.yaml:3: version must be 1"),
        ("  - name: Acme", "  - nam: Acme", "config.yaml:5: companies.1 needs a name"),
        (
            "    time_zone: America/Chicago",
            "    time_zone: America/Nowhere",
            "config.yaml:6: companies.1.time_zone Unknown",
        ),
        ("- post_call", "- past_call", "companies.1.subscriptions.1.events"),
        ("https://crm.example.com/hooks", "ftp://crm.example.com/", "companies.1.subscriptions.1.url"),
        ("env:CALLHOOKS_ACME__CRM_TOKEN", "token-in-plain", "subscriptions.1.auth.token is a secret"),
        ("        ordered: true", "        orderd: true", "orderd is not known here"),
        ("        color: green1", "        color: green1\n        color: red1", "color is there twice"),
        ("calls: 300", "calls: 1", "companies.1.kept_days"),
        ("https://www.example.com", "www.example.com", "companies.1.form_sources.1.allowed_origins"),
        ("  - name: Acme", "  - name: [Acme", "This is not YAML"),
        ("provider: twilio", "provider: signalwire", "provider It cannot be changed"),
        ("          - CRM", "          - CRN", "There is no subscription CRN"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_and_changes_nothing(acme, apply, old, new, said):
    text = export()
    assert old in text
    with pytest.raises(CommandError) as refused:
        apply(text.replace("name: Google Ads", "name: Ads").replace(old, new, 1))
    words = str(refused.value)
    assert said in words
    assert "config.yaml:" in words
    line = int(words.split("config.yaml:")[1].split(":")[0])
    assert abs(line - text[: text.index(old)].count("\n") - 1) <= 2
    assert Tracker.objects.filter(name="Google Ads").exists()


def test_a_new_thing_needs_its_secret(acme, apply, monkeypatch):
    text = export()
    empty()
    monkeypatch.delenv("CALLHOOKS_ACME__TWILIO_AUTH_TOKEN")
    with pytest.raises(CommandError, match=r"auth_token is not there: env:CALLHOOKS_ACME__TWILIO_AUTH_TOKEN"):
        apply(text)
    assert not Company.objects.exists()


def test_two_of_the_same_name_are_refused(acme):
    factories.make_subscription(acme, name="CRM")
    with pytest.raises(CommandError, match="two subscriptions called CRM"):
        export()


def test_no_company_gets_the_secret_of_another(acme):
    """The people of a company choose its name, and those of what it has."""
    acme.name = "Acme CRM"
    acme.save()
    other = factories.make_company("Acme")
    factories.make_subscription(other, name="CRM Login", auth_user="eve", auth_password="x" * 12)
    twin = factories.make_company("acme-crm")
    factories.make_subscription(twin, name="Login", auth_user="eve", auth_password="x" * 12)
    for texts in ([export()], [export("Acme CRM"), export("Acme"), export("acme-crm")]):
        names = [
            one["auth"]["password"]
            for text in texts for company in yaml.safe_load(text)["companies"] for one in company["subscriptions"]
            if one["name"] in ("Login", "CRM Login")
        ]  # fmt: skip
        assert len(names) == len(set(names)) == 3
    assert "env:CALLHOOKS_ACME__CRM_LOGIN_PASSWORD" in names


def test_names_that_move_a_terminals_cursor_are_shown_as_they_are(acme, apply):
    """A company's people name its tags: they could hide lines of a plan, or make some up."""
    text = export()
    Tag.objects.create(company=acme, name="x\x1b[1A\x1b[2K\n- Acme: company")
    said, _ = apply(text, prune=True, plan=True)
    assert said == ["- Acme: tag x\\x1b[1A\\x1b[2K\\n- Acme: company: switched off"]


LAUGHS = "\n".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.sample(every=3)
@pytest.mark.parametrize("text", ["a: &a [*a]", "[" * 3000, f"a: &a x\n{LAUGHS}"])
def test_a_file_without_an_end_is_refused(apply, text):
    with pytest.raises(CommandError, match=r"too deep|too many"):
        apply(text)


@pytest.mark.parametrize("value", ["!!python/name:os.system ''", "!made-up x", "!!int x", "2020-13-45"])
def test_what_yaml_cannot_make_a_value_of_is_said_with_its_line(apply, value):
    with pytest.raises(CommandError, match=r"config.yaml:2: companies This is not YAML of plain values"):
        apply(f"version: 1\ncompanies: {value}")


def test_no_receiver_gets_a_secret_of_the_service(acme, apply, monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "s" * 50)
    text = export().replace("env:CALLHOOKS_ACME__CRM_TOKEN", "env:SECRET_KEY")
    with pytest.raises(CommandError, match="of the service itself"):
        apply(text)
