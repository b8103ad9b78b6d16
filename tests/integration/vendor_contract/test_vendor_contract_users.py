"""Contract 11: users."""

from __future__ import annotations

from typing import Any

import pytest

from subscriptions.models import Membership
from tests.support.contract_client import FORBIDDEN, check_envelope
from tests.support.contract_shapes import USER, check
from tests.support.factories import make_company, make_member


@pytest.fixture
def users(company):
    made = []
    for name, role in (("bea", Membership.Role.ADMIN), ("abe", Membership.Role.VIEWER)):
        user = make_member(company, role, f"{name}@example.com")
        user.first_name, user.last_name = name.title(), "Example"
        user.save()
        made.append(user)
    return made


def test_a_user(client, company, users):
    listed = check_envelope("users", client.get("users"))
    for user in listed:
        check(USER, user)
        assert client.get(f"users/{user['id']}") == user
        assert user["companies"] == [{"id": client.company, "name": company.name}]
    by_email = {user["email"]: user for user in listed}
    bea = by_email["bea@example.com"]
    assert (bea["name"], bea["first_name"], bea["role"]) == ("Bea Example", "Bea", "admin")
    assert by_email["abe@example.com"]["role"] == "reporting"


LISTS: Any = [
        ({"sort": "email"}, ["abe", "bea"]),
        ({"sort": "email", "order": "desc"}, ["bea", "abe"]),
        ({"sort": "created_at"}, ["abe", "bea"]),
        ({"sort": "created_at", "order": "asc"}, ["bea", "abe"]),
        ({"search": "BEA"}, ["bea"]),
        ({"search": "example.com"}, ["abe", "bea"]),
        ({"search": "nobody"}, []),
    ]  # fmt: skip


def test_lists(client, users):
    for params, expected in LISTS:
        found = [user["email"].partition("@")[0] for user in client.get("users", **params)["users"]]
        assert (found if "sort" in params else sorted(found)) == expected


def test_users_of_other_companies_are_not_there(client, users):
    make_member(make_company("Other"), username="eve@example.com")
    assert client.get("users", search="eve")["users"] == []


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_users_are_changed_in_the_admin(client, users, method):
    place = "users" if method == "POST" else f"users/{client.get('users')['users'][0]['id']}"
    answer = client.ask(method, place, {"first_name": "X"} if method != "DELETE" else None)
    assert (answer.status, answer.body) == (403, {"error": FORBIDDEN})
