"""Before an operator deletes a person, the page counts what goes along instead of listing it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from subscriptions.models import Company, Membership
from tests.support.admin import login

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator():
    return login(User.objects.create_superuser("root"))


def page(operator, user) -> str:
    answer = operator.get(reverse("admin:auth_user_delete", args=[user.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_memberships_are_counted_with_as_many_queries_for_one_as_for_fifty(operator, django_assert_num_queries):
    one, many = User.objects.create_user("one@example.com"), User.objects.create_user("many@example.com")
    companies = Company.objects.bulk_create(Company(name=f"Company {n}") for n in range(50))
    Membership.objects.create(company=companies[0], user=one, role="owner")
    Membership.objects.bulk_create(Membership(company=company, user=many, role="owner") for company in companies)
    page(operator, one)
    with CaptureQueriesContext(connection) as asked:
        assert "<li>1 member</li>" in page(operator, one)
    with django_assert_num_queries(len(asked)):
        assert "<li>50 members</li>" in page(operator, many)


def test_deleting_takes_them_along(operator):
    user = User.objects.create_user("gone@example.com")
    Membership.objects.create(company=Company.objects.create(name="Elm Dental"), user=user, role="owner")
    answer = operator.post(reverse("admin:auth_user_delete", args=[user.pk]), {"post": "yes"})
    assert answer.status_code == 302
    assert not User.objects.filter(pk=user.pk).exists()
    assert not Membership.objects.exists()


def test_what_nothing_refers_to_is_named_alone(operator):
    group = Group.objects.create(name="Night shift")
    answer = operator.get(reverse("admin:auth_group_delete", args=[group.pk]))
    assert "Night shift" in answer.content.decode()
    assert 'id="deleted-objects"' not in answer.content.decode()
