"""Find the phone number and the email address of whoever filled in a form. No Django.

A field is known by its name: an address in a field that is not named for it may be anybody's, such as that of the
office to which the form goes. Names come in the languages of the larger form builders, with or without accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from calls.phones import normalise_if_number

LONGEST_EMAIL = 254
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
# Not "whatever is no letter": vowels of Hindi and Thai are marks beside the letters.
_BETWEEN_WORDS = re.compile(r"[\s_\-\u2010-\u2015.,:;*?!()\[\]{}<>/\\|'\u2019\"&#+=、。]+")


def _plain(text: str) -> str:
    """Without accents and capitals."""
    bare = "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))
    # Letters of their own, which no accent makes.
    return unicodedata.normalize("NFC", bare.replace("ł", "l").replace("ø", "o").replace("đ", "d"))


def _list(words: str) -> tuple[str, ...]:
    return tuple(_plain(words).split())


# How a word of the name begins.
_MAIL = _list(
    """
    email mail courriel correo correio poczta epost eposta mejl sähköposti surel posta
    почта имейл емейл мейл пошта メール eメール 邮箱 邮件 郵件 電子郵 电子邮 信箱 电邮 電郵 이메일 메일
    بريد البريد אימייל מייל דואר ईमेल อีเมล ηλεκτρονικό
    """
)
_PHONE = _list(
    """
    phone telephon telefo telepon telemóvel mobil mobiel móvil cell celul handy whatsapp rufnummer portable
    puhelin matkapuhelin komórk телефон мобил モバイル 電話 携帯 电话 手机 手機 전화 휴대 핸드폰 연락처
    هاتف الهاتف جوال الجوال موبايل טלפון נייד τηλέφων κινητό फ़ोन फोन मोबाइल โทร เบอร์
    """
)
_PHONE_WORDS = frozenset({"tel", "tlf", "gsm"})
_PHONE_ENDS = ("phone", "telefon", "telefoon")
# Names of two words, of which neither alone would do.
_PHONE_PAIRS = ("contact number", "contact no", "contact num", "whats app", "dien thoai", "no hp")
_NO_PHONE = frozenset({"headphone", "microphone", "cellar"})
# Somebody else's: whom the form goes to, and who sent the visitor.
_OTHERS = frozenset(
    _list(
        """
        recipient recipients empfänger destinataire destinatario destinatari ontvanger odbiorca mottagare
        cc bcc cci referrer referer referral referred friend friends admin emergency
        """
    )
)
_OFFICE = frozenset(_list("office büro bureau oficina ufficio kantoor branch"))
_TO = frozenset({"to", "mailto", "mail to", "email to", "to mail", "to email", "send to"})


def find_contact(fields: Mapping[str, str], *, region: str) -> tuple[str, str]:
    """(phone in E.164, email in lower case) of whoever filled in the form; blank if not found. Numbers without + are of
    the country `region`."""
    phone = email = ""
    for name, value in fields.items():
        words = fold(name)
        if not email and _is_mail(words):
            email = read_address(value)
        if not phone and _is_phone(words):
            phone = normalise_if_number(value, region=region)
    return phone, email


def fold(name: str) -> list[str]:
    """The words of a field's name, for comparing: `Téléphone`, `your-Email`, `contactNumber`, `E-Mail-Adresse`."""
    words = _BETWEEN_WORDS.split(_plain(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)).strip())
    return re.sub(r"\be (mail|post|posta|メール)", r"e\1", " ".join(words)).split()


def is_somebody_elses(name: str) -> bool:
    """Whether a field of this name has the address or the number of somebody else than the one who fills it in."""
    words = fold(name)
    return _is_others(words) or bool(_OFFICE & {*words})


def _is_others(words: list[str]) -> bool:
    return bool(_OTHERS & {*words}) or " ".join(words) in _TO


def _is_mail(words: list[str]) -> bool:
    if _is_others(words) or _OFFICE & {*words}:
        return False
    return any(word.startswith(_MAIL) or word.endswith("mail") for word in words)


def _is_phone(words: list[str]) -> bool:
    if (_OTHERS | _NO_PHONE) & {*words}:
        return False
    joined = " ".join(words)
    return (
        any(pair in joined for pair in _PHONE_PAIRS)
        or bool(_PHONE_WORDS & {*words})
        or any(word.startswith(_PHONE) or word.endswith(_PHONE_ENDS) for word in words)
    )


def read_address(value: str) -> str:
    """In lower case; blank if it is none."""
    text = value.strip()
    # Anything longer is not an address, and the pattern would take ever longer to reject it.
    return text.lower() if len(text) <= LONGEST_EMAIL and _EMAIL.fullmatch(text) else ""
