"""Whose phone number and email address a form has: those in the fields that are named for them."""

from __future__ import annotations

import pytest

from forms_intake.contacts import find_contact

MAIL, PHONE = "ann@example.com", "(214) 555-0123"


@pytest.mark.parametrize(
    "name",
    [
        "email", "E-Mail", "mail", "your-email", "Email Address *", "userEmail", "input_3_email",
        "What is the best email to reach you?", "E-Mail-Adresse", "Adresse e-mail", "courriel", "Correo electrónico",
        "correo_electronico", "Endereço de e-mail", "Correio eletrônico", "Indirizzo e-mail", "e-mailadres",
        "Adres e-mail", "E-post", "e-postadresse", "Sähköposti", "E-posta", "Электронная почта", "メールアドレス",
        "Eメール", "邮箱", "電子郵件", "이메일", "البريد الإلكتروني", "אימייל", "ईमेल", "อีเมล",
    ],
)  # fmt: skip
def test_an_address_is_in_a_field_named_for_it(name: str):
    assert find_contact({"name": "Ann", name: f" {MAIL.title()} "}, region="US") == ("", MAIL)


@pytest.mark.parametrize(
    "name",
    [
        "recipient", "recipient_email", "cc", "cc_email", "bcc-mail", "referrer", "referrer_email", "office",
        "office email", "Büro-E-Mail", "Email of a friend", "email_to", "to", "contact", "username", "destinataire",
    ],
)  # fmt: skip
def test_other_addresses_are_somebody_elses(name: str):
    assert find_contact({name: MAIL}, region="US") == ("", "")


def test_the_first_field_that_holds_an_address_counts():
    fields = {
        "email opt-in": "yes",
        "office_email": "shop@example.com",
        "email": MAIL,
        "Confirm email": "x@example.com",
    }
    assert find_contact(fields, region="US") == ("", MAIL)
    assert find_contact({"email": "a" * 250 + "@example.com"}, region="US") == ("", "")


@pytest.mark.parametrize(
    "name",
    [
        "phone", "Phone number (with area code)", "tel", "your-tel", "Mobile", "cell", "cellphone", "contact_number",
        "contactNumber", "whatsapp", "WhatsApp-Nummer", "Telefon", "Telefonnummer", "Handy", "Mobilnummer",
        "Rufnummer", "téléphone", "Numéro de téléphone", "portable", "Teléfono", "móvil", "Celular", "Telefone",
        "Telemóvel", "Telefono", "Cellulare", "Telefoonnummer", "Numer telefonu", "komórka", "Tlf", "Puhelinnumero",
        "Телефон", "電話番号", "携帯", "电话", "手机", "전화번호", "هاتف", "טלפון", "फ़ोन", "โทรศัพท์", "Điện thoại",
        "No. HP",
    ],
)  # fmt: skip
def test_a_number_is_in_a_field_named_for_it(name: str):
    assert find_contact({name: PHONE}, region="US") == ("+12145550123", "")


@pytest.mark.parametrize("name", ["order", "Kundennummer", "CEP", "headphone", "recipient_phone", "zip", "message"])
def test_other_digits_are_no_number(name: str):
    assert find_contact({name: PHONE}, region="US") == ("", "")


def test_numbers_are_read_by_the_companys_country():
    assert find_contact({"Téléphone": "06 12 34 56 78"}, region="FR")[0] == "+33612345678"
