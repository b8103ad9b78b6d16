"""Nobody reads the metrics unless the operator said who: by a token, or by a network."""

import pytest

from callhooks_site.metrics import page

pytestmark = pytest.mark.django_db
TOKEN = "Zq9-test-token-of-the-metrics"


@pytest.fixture(autouse=True)
def _read_anew():
    page.forget()
    yield
    page.forget()


def ask(client, authorization="", *, forwarded="", **how):
    headers = {"Authorization": authorization, "X-Forwarded-For": forwarded}
    return client.get("/metrics", headers={name: value for name, value in headers.items() if value}, **how)


def test_without_a_setting_it_is_off_and_says_how_to_set_it(client):
    answer = ask(client, f"Bearer {TOKEN}", REMOTE_ADDR="127.0.0.1")
    assert answer.status_code == 403
    assert "METRICS_TOKEN or METRICS_NETWORKS" in answer.content.decode()


@pytest.mark.parametrize("given", [f"Bearer {TOKEN}", f"bearer  {TOKEN} "])
def test_the_token_lets_in(client, settings, given):
    settings.METRICS_TOKEN = TOKEN
    answer = ask(client, given)
    assert answer.status_code == 200
    assert "callhooks_database_up 1.0" in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "given",
    ["", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", "Bearer ", f"Basic {TOKEN}", TOKEN, "Bearer Größe\udcff"],
)
def test_anything_else_does_not(client, settings, given):
    settings.METRICS_TOKEN = TOKEN
    answer = ask(client, given)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert "callhooks_" not in answer.content.decode()


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("10.1.2.3", True), ("10.2.0.1", False), ("2001:db8::7", True), ("2001:db8::8", False),
        ("::ffff:10.1.2.3", True), ("", False), ("unix:", False),
    ],
)  # fmt: skip
def test_a_network_lets_in_its_addresses(client, settings, address, allowed):
    settings.METRICS_NETWORKS = ["10.1.0.0/16", "2001:db8::7"]
    assert (ask(client, REMOTE_ADDR=address).status_code == 200) is allowed


@pytest.mark.parametrize(
    ("forwarded", "allowed"),
    [("10.1.2.3", True), ("203.0.113.9", False), ("10.1.2.3, 203.0.113.9", False), ("203.0.113.9, 10.1.2.3", True)],
)
def test_behind_a_proxy_only_its_own_entry_counts(client, settings, forwarded, allowed):
    settings.METRICS_NETWORKS, settings.PROXY_COUNT = ["10.1.0.0/16"], 1
    answer = ask(client, REMOTE_ADDR="127.0.0.1", forwarded=forwarded)
    assert (answer.status_code == 200) is allowed


@pytest.mark.parametrize(
    ("proxies", "forwarded", "allowed"),
    [
        (0, "", True),
        (0, "203.0.113.9", False),
        (1, "", True),
        (2, "203.0.113.9", False),
        (2, "10.1.2.3, 10.1.2.4", True),
    ],
)
def test_a_proxy_that_is_not_counted_is_nobody_near(client, settings, proxies, forwarded, allowed):
    """With a PROXY_COUNT that is wrong, all the world would have the proxy's own address."""
    settings.METRICS_NETWORKS, settings.PROXY_COUNT = ["10.1.0.0/16", "127.0.0.1"], proxies
    answer = ask(client, REMOTE_ADDR="127.0.0.1", forwarded=forwarded)
    assert (answer.status_code == 200) is allowed
    if not allowed:
        assert "PROXY_COUNT" in answer.content.decode()


def test_with_both_either_is_enough(client, settings):
    settings.METRICS_TOKEN, settings.METRICS_NETWORKS = TOKEN, ["10.1.0.0/16"]
    assert ask(client, REMOTE_ADDR="10.1.2.3").status_code == 200
    assert ask(client, f"Bearer {TOKEN}", REMOTE_ADDR="203.0.113.9").status_code == 200
    assert ask(client, REMOTE_ADDR="203.0.113.9").status_code == 401


def test_only_reading(client, settings):
    settings.METRICS_TOKEN = TOKEN
    assert client.post("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405
