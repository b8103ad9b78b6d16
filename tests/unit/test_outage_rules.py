"""When failures are an outage of our own, and when it is over; what one company can fake, and what it cannot."""

from __future__ import annotations

from subscriptions.delivery.outage_rules import Result, find_outage, is_over

NOW = 1_800_000_000.0


def one(company: int, host: str = "", *, failed: bool = True, was_well: bool = True, ago: float = 1.0) -> Result:
    return Result(company, host or f"h{company}.example.com", failed, was_well, NOW - ago)


def newest_first(*results: Result) -> list[Result]:
    return sorted(results, key=lambda result: -result.at)


def test_hosts_of_several_companies_that_fail_at_once_are_an_outage():
    found = find_outage(newest_first(one(1, ago=3), one(2), one(3)), companies=50)
    assert found is not None
    assert (found.hosts, found.companies, found.began) == (3, 3, NOW - 3)


def test_one_company_with_many_dead_names_is_none_however_alone_it_is():
    names = [one(1, f"n{number}.example.com") for number in range(150)]
    assert find_outage(names, companies=50) is None
    assert find_outage([*names, one(2)], companies=50) is None
    assert find_outage([*names, one(2, failed=False)], companies=2) is None


def test_names_that_never_worked_are_none():
    assert find_outage([one(company, was_well=False) for company in range(9)], companies=50) is None


def test_names_that_never_worked_neither_make_up_the_number_nor_say_when_it_began():
    never = one(3, was_well=False, ago=50)
    assert find_outage([one(1), one(2), never], companies=2) is None
    found = find_outage(newest_first(one(1, ago=3), one(2), one(4), never), companies=50)
    assert found is not None
    assert (found.hosts, found.began) == (3, NOW - 3)


def test_one_provider_of_many_companies_is_none():
    assert find_outage([one(company, "hooks.example.net") for company in range(20)], companies=50) is None
    shared = [one(company, "hooks.example.net") for company in range(20)]
    mine = [one(1, f"n{number}.example.com") for number in range(150)]
    assert find_outage([*shared, *mine], companies=50) is None


def test_while_others_are_answered_it_is_none():
    failing = [one(company) for company in range(4)]
    answered = [one(company, failed=False, ago=0.5) for company in range(10, 12)]
    assert find_outage(newest_first(*failing, *answered), companies=50) is None
    assert find_outage(newest_first(*failing, answered[0]), companies=50) is not None


def test_answers_from_before_it_began_say_nothing():
    before = [one(company, failed=False, ago=20) for company in range(9)]
    assert find_outage(newest_first(*before, *[one(company) for company in range(3)]), companies=50) is not None


def test_a_host_that_was_answered_since_is_not_failing():
    flapping = [one(3, ago=2), one(3, failed=False, ago=1)]
    assert find_outage(newest_first(one(1, ago=3), one(2, ago=3), *flapping), companies=50) is None


def test_where_there_are_fewer_companies_fewer_are_enough():
    hosts = [one(1, f"h{number}.example.com") for number in range(3)]
    assert find_outage(hosts, companies=1) is not None
    assert find_outage(hosts[:2], companies=1) is None
    assert find_outage(hosts, companies=2) is None
    assert find_outage([*hosts, one(2)], companies=2) is not None


def test_it_is_over_when_half_of_what_is_tried_gets_through():
    noticed = NOW - 30
    lasting = [one(1), one(2), one(3, failed=False)]
    assert not is_over(lasting, noticed=noticed, now=NOW)
    assert is_over([one(4, failed=False), *lasting], noticed=noticed, now=NOW)


def test_answers_from_before_it_was_noticed_do_not_end_it():
    assert not is_over([one(1, failed=False), one(2, failed=False)], noticed=NOW, now=NOW + 5)


def test_a_single_host_ends_it_only_after_a_while():
    assert not is_over([one(1, failed=False)], noticed=NOW - 5, now=NOW)
    assert is_over([one(1, failed=False)], noticed=NOW - 65, now=NOW)
    assert not is_over([one(1)], noticed=NOW - 65, now=NOW)
    assert not is_over([], noticed=NOW - 65, now=NOW)
