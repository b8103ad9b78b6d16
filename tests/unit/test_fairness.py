"""Shares of companies, hosts and endpoints: who may have how much under way."""

import random

from subscriptions.delivery.fairness import (
    HOST_REST_SECONDS,
    LARGEST_WINDOW,
    NO_LIMIT,
    REMEMBERED,
    WORTH_SECONDS,
    Hosts,
    Paces,
    Shares,
)

ACME = (1, "crm.example.com")
OTHER = (2, "crm.example.com")


def test_an_unknown_endpoint_begins_with_two_requests():
    paces = Paces(8)
    assert (paces.requests(1), paces.window(1), paces.windows()) == (2, 2, {})
    assert Paces(1).requests(1) == 1


def test_a_quick_endpoint_gets_as_many_as_the_setting_allows_and_rows_for_a_while():
    paces = Paces(8)
    paces.note(1, 0.002, good=True)
    assert (paces.requests(1), paces.window(1)) == (8, LARGEST_WINDOW)


def test_the_time_of_a_request_decides_how_many_are_under_way():
    requests, windows = [], []
    for seconds in (0.05, 0.3, 0.7, 1.05, 1.4, 14.0):
        paces = Paces(8)
        paces.note(1, seconds, good=True)
        requests.append(paces.requests(1))
        windows.append(paces.window(1))
    assert requests == [8, 8, 7, 5, 3, 1]
    assert windows == [LARGEST_WINDOW, 13, 7, 5, 3, 1]


def test_a_slow_success_is_no_reason_for_more():
    paces = Paces(8)
    for _ in range(50):
        paces.note(1, 14.0, good=True)
    assert paces.requests(1) == paces.window(1) == 1


def test_an_endpoint_that_gets_slow_has_less_at_once_and_one_that_gets_quick_has_to_show_it():
    paces = Paces(8)
    for _ in range(20):
        paces.note(1, 0.01, good=True)
    paces.note(1, 3.0, good=True)
    assert paces.requests(1) == 1
    paces.note(1, 0.01, good=True)
    assert paces.requests(1) < 8
    for _ in range(20):
        paces.note(1, 0.01, good=True)
    assert paces.requests(1) == 8


def test_a_failure_that_came_quickly_leaves_one_at_a_time():
    paces = Paces(8)
    paces.note(1, 0.001, good=True)
    paces.note(1, 0.001, good=False)
    assert paces.requests(1) == int(WORTH_SECONDS / WORTH_SECONDS) == 1


def test_only_the_endpoints_that_were_heard_of_last_are_remembered():
    paces = Paces(8)
    for endpoint in range(REMEMBERED + 5):
        paces.note(endpoint, 0.001, good=True)
    assert len(paces.windows()) == REMEMBERED
    assert paces.requests(0) == 2


def test_windows_are_those_of_endpoints_that_differ_from_unknown_ones():
    rng, paces, heard = random.Random(3), Paces(8), set()
    for _ in range(3000):
        endpoint = rng.randrange(REMEMBERED + 50)
        paces.note(endpoint, rng.choice([0.001, 0.1, 1.0, 2.5, 9.0]), good=rng.random() < 0.9)
        heard.add(endpoint)
    differ = {one: size for one in heard if (size := paces.window(one)) != paces.first}
    assert paces.windows() == differ
    assert len(differ) < len(heard)


def test_a_company_holds_a_quarter_while_others_wait_and_three_quarters_alone():
    shares = Shares(100)
    assert (shares.company, shares.alone, shares.room) == (25, 75, 100)


def test_the_last_places_are_for_endpoints_that_answer():
    shares = Shares(100)
    for _ in range(50):
        shares.take(1, trust=0)
    assert (shares.failing, shares.unknown, shares.room) == (0, 25, 50)
    for _ in range(25):
        shares.take(2, trust=1)
    assert (shares.failing, shares.unknown, shares.room) == (0, 0, 25)
    shares.release(1, trust=0)
    assert (shares.failing, shares.unknown, shares.companies[1]) == (1, 1, 49)


def test_of_few_places_each_kind_gets_one():
    shares = Shares(1)
    assert (shares.company, shares.alone, shares.failing, shares.unknown) == (1, 1, 1, 1)


def test_who_holds_nothing_any_more_is_forgotten():
    shares = Shares(10)
    shares.take(1, trust=2)
    shares.release(1, trust=2)
    assert (shares.held, dict(shares.companies)) == (0, {})


def test_a_host_gets_a_seconds_worth_at_once_and_then_its_rate():
    hosts = Hosts(0, 10.0)
    assert (hosts.first, hosts.rooms(0.0)) == (10, {})
    for _ in range(10):
        hosts.take(ACME, 0.0)
    assert hosts.rooms(0.0) == {ACME: (0, HOST_REST_SECONDS)}
    assert hosts.rooms(0.3)[ACME][0] == 3
    assert hosts.rooms(1.1) == {}


def test_a_host_of_another_company_is_another():
    hosts = Hosts(0, 10.0)
    for _ in range(10):
        hosts.take(ACME, 0.0)
    hosts.take(OTHER, 0.0)
    assert hosts.rooms(0.0) == {ACME: (0, HOST_REST_SECONDS), OTHER: (9, HOST_REST_SECONDS)}


def test_requests_under_way_to_a_host_are_limited():
    hosts = Hosts(3, 0.0)
    for _ in range(3):
        hosts.take(ACME, 0.0)
    assert hosts.rooms(100.0) == {ACME: (0, HOST_REST_SECONDS)}
    hosts.release(ACME)
    assert hosts.rooms(100.0)[ACME][0] == 1


def test_without_limits_nothing_is_kept():
    hosts = Hosts(0, 0.0)
    for _ in range(100):
        hosts.take(ACME, 0.0)
    assert (hosts.first, hosts.rooms(0.0)) == (NO_LIMIT, {})


def test_a_thousand_hosts_are_remembered_and_none_with_requests_under_way_is_forgotten():
    hosts = Hosts(5, 0.0)
    for _ in range(5):
        hosts.take(ACME, 0.0)
    for number in range(2000):
        key = (number, "example.org")
        hosts.take(key, 0.0)
        hosts.release(key)
    assert hosts.rooms(0.0)[ACME][0] == 0
    assert len(hosts._known) <= 1001
