"""Verification code on a subscription's page: pasted as it stands there, it tells good from bad."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys

import pytest
from django.urls import reverse

from tests.support import factories
from tests.support.admin import login
from tests.support.demo_receiver import PROJECT, SECRET, SIGNING_KEY, signed

BODY = '{"content":"Grüße 👋\\n"}'
LANGUAGES = {
    "python": ([sys.executable], "verify.py"),
    "node": (["node"], "verify.mjs"),
    "php": (["php"], "verify.php"),
    "ruby": (["ruby"], "verify.rb"),
}


def page_for(role: str) -> str:
    company = factories.make_company()
    subscription = factories.make_subscription(company)
    client = login(factories.make_member(company, role))
    answer = client.get(reverse("admin:subscriptions_subscription_verify", args=[subscription.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.sample(every=2)
@pytest.mark.django_db
@pytest.mark.parametrize("language", LANGUAGES)
def test_pasted_it_works(language, tmp_path):
    (program, *_), name = LANGUAGES[language]
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"there is no {program} on this machine")
    code = html.unescape(re.search(rf'id="code-{language}">(.*?)</code>', page_for("admin"), re.DOTALL)[1])
    whole = (PROJECT / "docs/verify" / name).read_text("utf-8")
    assert code.strip()
    assert whole.startswith(code.rstrip())
    # The part that reads a case and says good or bad stands behind what was pasted.
    (tmp_path / name).write_text(code + whole[len(code.rstrip()) :], "utf-8")
    for body, verdict in ((BODY, "good"), (BODY + " ", "bad")):
        case = {"body": body, "headers": signed(BODY.encode()), "signing_key": SIGNING_KEY, "secret": SECRET}
        ran = subprocess.run([found, str(tmp_path / name)], input=json.dumps(case).encode(), capture_output=True)
        assert (ran.stdout.decode().strip(), ran.stderr) == (verdict, b"")


@pytest.mark.django_db
def test_the_secrets_are_not_on_the_page_and_only_who_may_is_sent_to_them():
    shown = page_for("admin")
    assert "whsec_" not in re.sub(r"<pre.*?</pre>", "", shown, flags=re.DOTALL)
    assert "Show secret" in shown
    assert "Show secret" not in page_for("viewer")
