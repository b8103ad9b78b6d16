"""A form fires one event; whose it is; whether it is the first; and what is never stored."""

from datetime import timedelta

import pytest
from django.db import connection

from calls.models import Person
from forms_intake.contents import remove_secrets
from forms_intake.models import FormSubmission
from tests.support.events import bodies_of, events_of, types_of
from tests.support.factories import START, make_call, make_company, make_form

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cleaned_by_deleting")]

VISA = "4111 1111 1111 1111"
# Too long to stand in a random id or in the microseconds of a time by chance.
CARD_DIGITS = "1{4}[^0-9]?1{4}"


@pytest.fixture
def company():
    return make_company()


def form_of(company, submitted_at=START, **form_data):
    return make_form(company, form_data=form_data, submitted_at=submitted_at)


def told(form):
    return bodies_of(form, "form_submission")[0]


def test_it_fires_once(company):
    form = make_form(company)
    form.save()
    form.form_url = "https://example.com/other"
    form.save()
    assert types_of(form) == ["form_submission"]
    assert events_of(form)[0].sequence == 1
    assert told(form)["form_url"] is None


# --- the person -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"email": "ann@example.com"}, {"Your E-Mail": " Ann@Example.COM "}),
        ({"phone": "(214) 555-0123"}, {"Phone Number": "+1 214 555 0123"}),
        ({"mobile": "214-555-0123"}, {"customer[cell]": "2145550123"}),
        ({"phone": "214-555-0123", "email": "ann@example.com"}, {"email": "ann@example.com"}),
        ({"phone": "214-555-0123", "email": "ann@example.com"}, {"tel": "214-555-0123"}),
        ({"email": "ann@example.com"}, {"email": "ann@example.com", "phone": "214-555-0123"}),
        ({"phone": "214-555-0123"}, {"email": "ann@example.com", "phone": "214-555-0123"}),
        ({"phone": "+4915123456787"}, {"phone": "+49 151 23456787"}),
    ],
)
def test_the_person_is_found_again_by_phone_or_mail(company, first, second):
    one = form_of(company, **first)
    two = form_of(company, START + timedelta(hours=1), **second)
    assert told(one)["person_resource_id"] == told(two)["person_resource_id"] is not None
    assert (told(one)["first_form"], told(two)["first_form"]) == (True, False)


def test_a_third_form_is_found_by_what_the_second_added(company):
    form_of(company, email="ann@example.com")
    form_of(company, START + timedelta(hours=1), email="ann@example.com", phone="214-555-0123")
    form = form_of(company, START + timedelta(hours=2), phone="214-555-0123")
    assert told(form)["first_form"] is False
    assert Person.objects.count() == 1


def test_the_person_is_the_one_who_called(company):
    call = make_call(company, customer_phone_number="+12145550123")
    form = form_of(company, phone="(214) 555-0123")
    assert told(form)["person_resource_id"] == call.person.resource_id
    assert told(form)["first_form"] is True, "a call is no form"


def test_another_company_has_its_own_people(company):
    form_of(company, email="ann@example.com")
    form = form_of(make_company("Other"), START + timedelta(hours=1), email="ann@example.com")
    assert told(form)["first_form"] is True
    assert Person.objects.count() == 2


def test_nobody_is_found_in_a_form_without_phone_and_mail(company):
    for hour in range(2):
        form = form_of(company, START + timedelta(hours=hour), name="Ann", message="ann at example")
        assert told(form)["person_resource_id"] is None
        assert told(form)["first_form"] is True
    assert Person.objects.count() == 0


def test_first_is_the_earlier_one_even_if_it_comes_later(company):
    late = form_of(company, START + timedelta(hours=1), email="ann@example.com")
    early = form_of(company, START, email="ann@example.com")
    assert told(late)["first_form"] is True, "nobody could know better then"
    assert told(early)["first_form"] is True


# --- what is never stored ---------------------------------------------------------------------------------------
def stored_anywhere(pattern):
    """Whether any row of the tables that a form writes to has something that matches the regular expression."""
    tables = ("forms_intake_formsubmission", "subscriptions_event", "subscriptions_eventstream", "calls_person")
    with connection.cursor() as cursor:
        for table in tables:
            column = "convert_from(body, 'UTF8')" if table == "subscriptions_event" else f"{table}::text"
            cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} ~ %s", [pattern])
            if cursor.fetchone()[0]:
                return True
    return False


@pytest.mark.sample(every=4)
@pytest.mark.parametrize(
    "name",
    [
        "password",
        "Password",
        "user_password",
        "userPassword",
        "user[password_confirmation]",
        "passwd",
        "pwd",
        "pass",
        "pass1",
        "user_pass",
        "user-pass",
        "Passwort",
        "passphrase",
        "PIN",
        "card_pin",
        "client_secret",
        "credit card",
        "creditCard",
        "cardNumber",
        "card-number",
        "card_no",
        "cc-number",
        "ccnum",
        "cc_cvv",
        "CVV",
        "cvc",
        "security code",
        "pw",
        "your pin",
        "PIN number",
        "credit_card_details",
        "credit card expiration",
        "cc_exp",
        "altcha",
        "g-recaptcha-response",
        "h-captcha-response",
        "cf-turnstile-response",
    ],
)
def test_fields_named_for_a_secret_are_never_stored(company, name):
    form = form_of(company, name="Ann", **{name: "hunter2-open-sesame"})
    assert told(form)["form_data"] == {"name": "Ann"}
    assert not stored_anywhere("hunter2-open-sesame")


@pytest.mark.parametrize(
    "value",
    [
        "4111111111111111",
        VISA,
        "4111-1111-1111-1111",
        "4111.1111.1111.1111",
        "4111\u00a01111\u00a01111\u00a01111",
        "378282246310005",
        "3782 822463 10005",
        "6011 0009 9013 9424",
        "5555555555554444",
        "2223003122003222",
        "30569309025904",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
        "4111 - 1111 - 1111 - 1111",
        "4111\u20111111\u20111111\u20111111",
        "4111,1111,1111,1111",
    ],
)
def test_fields_that_are_a_card_number_are_never_stored(company, value):
    form = form_of(company, name="Ann", message=value)
    assert told(form)["form_data"] == {"name": "Ann"}
    assert not stored_anywhere(value)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (f"my card is {VISA}, thanks", "my card is [card number removed], thanks"),
        ("4111111111111111 123", "[card number removed] 123"),
        ("12 4111111111111111", "12 [card number removed]"),
        (f"nr:{VISA}.", "nr:[card number removed]."),
        (["a", VISA], "a, [card number removed]"),
        (f"{VISA} and 5555555555554444", "[card number removed] and [card number removed]"),
    ],
)
def test_a_card_number_inside_a_text_is_masked_and_the_rest_stays(company, value, kept):
    form = form_of(company, name="Ann", message=value)
    assert told(form)["form_data"] == {"name": "Ann", "message": kept}
    assert not stored_anywhere(CARD_DIGITS)


@pytest.mark.parametrize("value", [f"{VISA} 12/29 123", f"{VISA} 1229"])
def test_a_card_number_beside_its_date_is_masked(company, value):
    form_of(company, message=value)
    assert not stored_anywhere(CARD_DIGITS)


def test_pairs_of_phone_numbers_are_no_card_number():
    numbers = [f"214-555-01{last:02}" for last in range(100)]
    pairs = [f"call {one}/{other}" for index, one in enumerate(numbers) for other in numbers[index + 1 :]]
    assert len(pairs) == 4950
    assert [pair for pair in pairs if remove_secrets({"message": pair}) != {"message": pair}] == []


def test_what_is_nested_is_looked_into(company):
    form = form_of(company, name="Ann", user={"login": "ann", "password": "hunter2", "more": [{"cvv": "three-digits"}]})
    assert not stored_anywhere("hunter2")
    assert not stored_anywhere("three-digits")
    assert set(told(form)["form_data"]) == {"name", "user"}
    assert isinstance(told(form)["form_data"]["user"], str)


@pytest.mark.sample(every=3)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("shipping", "by boat"),
        ("passport country", "IS"),
        ("compass", "north"),
        ("passengers", "3"),
        ("spinning", "yes"),
        ("pin code", "560001"),
        ("secretary", "Ann"),
        ("card_notes", "blue"),
        ("insurance card number", "A12345"),
        ("map pin", "30.26, -97.74"),
        ("pin location", "Austin"),
        ("cc notes", "and Bob"),
        ("credit card accepted", "yes"),
        ("credit_card_type", "Visa"),
        ("security question", "yes"),
        ("order", "4111111111111112"),  # a card's first digits and length, and not its check digit
        ("order", "9876543210987651"),  # a check digit that fits, and no issuer
        ("card color", "red"),
        ("success", "yes"),
        ("account", "4"),
        ("order", "1234567890123"),  # thirteen digits, but no card's check digit
        ("phone", "+4915123456787"),  # a German number whose digits happen to pass a card's check
        ("phone", "+49 151 2345 6787"),
        ("message", "call 214-555-0123 or 214-555-0124"),
        ("long", "1" * 30),
    ],
)
def test_other_fields_are_kept(company, name, value):
    assert told(form_of(company, **{name: value}))["form_data"] == {name: value}


def test_a_change_of_the_form_is_cleaned_too(company):
    form = make_form(company)
    form.form_data = {"name": "Ann", "password": "hunter2"}
    form.save()
    assert FormSubmission.objects.get().form_data == {"name": "Ann"}


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (True, "true"), (False, "false"), (3, "3"), (2.5, "2.5"), (["a", 1, None], "a, 1, ")],
)
def test_values_become_text(company, value, text):
    assert told(form_of(company, field=value))["form_data"] == {"field": text}
