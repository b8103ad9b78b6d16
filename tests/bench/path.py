"""One event from its request to its receiver: 1,000 companies with one endpoint each, events one by one.

Everything runs as it is installed: the web server, a cluster, PostgreSQL. Beside it in the same run: a bare view of
Django REST framework that inserts one row, and the naive way to send a webhook.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from tests.bench import fixtures
from tests.bench.arrivals import Arrivals, running_receiver
from tests.bench.clusters import running_engine, running_naive
from tests.bench.cpu import Meter, tree_seconds
from tests.bench.helpers import Helper, helper
from tests.bench.options import Options
from tests.bench.report import Report, Target, percentile
from tests.bench.statements import StatementCounter
from tests.bench.web_servers import WebServer, running_web_server, workers_for
from tests.bench.workspace import Workspace, use, wait_for

SIZE = 1000
SECONDS = 10.0
COMPANIES = 1000
RATE = 20
CONNECTIONS = 8
# Of the forms of a round: so many whole calls, which are three requests and three webhooks; and webhooks the naive way.
CALLS_PART = 4
NAIVE_PART = 20
EVENTS_OF_A_CALL = ("pre_call", "call_routing_complete", "post_call")
COUNTED_FORMS = 100
COUNTED_COMPANIES = 5
LITERAL = re.compile(r"'[^']*'|(?<=_)[0-9]+\b")
PATIENCE = 120.0
PACED_PATIENCE = 10.0


@dataclass(slots=True)
class Cost:
    """Round by round: jobs a second until all were delivered, and CPU milliseconds for each by group of processes."""

    per_second: list[float] = field(default_factory=list)
    cpu_ms: dict[str, list[float]] = field(default_factory=dict)

    def add(self, number: int, seconds: float, cpu: dict[str, float]) -> None:
        self.per_second.append(number / seconds)
        for group, used in cpu.items():
            self.cpu_ms.setdefault(group, []).append(used * 1000 / number)

    @property
    def rate(self) -> float:
        return statistics.median(self.per_second)

    def of(self, group: str) -> float:
        return statistics.median(self.cpu_ms[group])

    @property
    def total(self) -> float:
        return statistics.median(map(sum, zip(*self.cpu_ms.values(), strict=True)))


@dataclass(slots=True)
class Groups:
    """CPU of groups of processes."""

    names: tuple[str, ...]
    meter: Meter

    @classmethod
    def of(cls, **groups: Callable[[], float]) -> Groups:
        return cls(tuple(groups), Meter(*groups.values()))

    def used(self) -> dict[str, float]:
        return dict(zip(self.names, self.meter.each(), strict=True))


@dataclass(frozen=True, slots=True)
class Sent:
    """Seconds for all; when the first byte of each job was sent, and when it was answered (monotonic clock)."""

    seconds: float
    began: list[float]
    ended: list[float]

    @property
    def answered_ms(self) -> list[float]:
        return [(end - begin) * 1000 for begin, end in zip(self.began, self.ended, strict=True)]


@dataclass(slots=True)
class Site:
    """A running web server and who sends to it: in the name of each company in turn."""

    server: WebServer
    load: Helper
    companies: Sequence[tuple[str, str]]  # API key and tracking number

    def send(self, kind: str, jobs: int, *, rate: float = 0.0) -> Sent:
        asked = {
            "kind": kind, "jobs": jobs, "rate": rate, "port": self.server.port, "companies": self.companies,
            "connections": min(CONNECTIONS, jobs),
        }  # fmt: skip
        return Sent(**json.loads(self.load.ask(json.dumps(asked))))


@dataclass(slots=True)
class Service:
    """The whole of it."""

    site: Site
    groups: Groups
    arrivals: Arrivals
    is_done: Callable[[], bool]

    def measure(self, cost: Cost, kind: str, jobs: int, webhooks: int) -> None:
        self.arrivals.forget()
        self.groups.meter.start()
        begun = time.monotonic()
        self.site.send(kind, jobs)
        for _ in range(jobs * webhooks):
            self.arrivals.next(PATIENCE)
        seconds = time.monotonic() - begun
        wait_for(self.is_done, seconds=PATIENCE, what="all webhooks are recorded")
        cost.add(jobs, seconds, self.groups.used())

    def measure_latency(self, jobs: int) -> tuple[list[float], int]:
        """Milliseconds from each form's first byte until its webhook had come; how many did not come, which count with
        the time that they were waited for."""
        jobs = min(jobs, len(self.site.companies))  # one for each company: its path says which
        self.arrivals.forget()
        began = self.site.send("form", jobs, rate=RATE).began
        sent = {f"/{number}": at for number, at in enumerate(began)}
        came = self.arrivals.wait_for(sent, PACED_PATIENCE, by=lambda arrival: arrival.path)
        now = time.monotonic()
        return [(came.get(path, now) - at) * 1000 for path, at in sent.items()], len(sent.keys() - came.keys())


def run(workspace: Workspace, options: Options) -> Report:
    size, seconds = options.size or SIZE, options.seconds or SECONDS
    calls, naive_size = max(1, size // CALLS_PART), max(4, size // NAIVE_PART)
    paced_jobs = max(1, int(RATE * seconds))
    forms, whole_calls, bare_forms, naive_sends = Cost(), Cost(), Cost(), Cost()
    p50: list[float] = []
    p99: list[float] = []
    bare_p50: list[float] = []
    undelivered = 0
    with ExitStack() as stack:
        service, statements = stack.enter_context(_service(workspace, size))
        bare, bare_groups = stack.enter_context(_bare(workspace, size))
        send_naively = stack.enter_context(_naive(workspace))
        bare.send("bare", min(size, 50))
        send_naively(4)
        service.measure(Cost(), "call", min(calls, 10), len(EVENTS_OF_A_CALL))
        for _ in range(options.rounds):
            service.measure(forms, "form", size, 1)
            bare_groups.meter.start()
            bare_forms.add(size, bare.send("bare", size).seconds, bare_groups.used())
            naive_sends.add(naive_size, *send_naively(naive_size))
            service.measure(whole_calls, "call", calls, len(EVENTS_OF_A_CALL))
            took, missing = service.measure_latency(paced_jobs)
            p50.append(percentile(took, 50))
            p99.append(percentile(took, 99))
            undelivered += missing
            bare_p50.append(percentile(bare.send("bare", paced_jobs, rate=RATE).answered_ms, 50))
    figures: dict[str, object] = {
        "per_second": forms.rate,
        "cpu_ms": forms.total,
        "web_cpu_ms": forms.of("web"),
        "postgres_cpu_ms": forms.of("postgres"),
        "cluster_cpu_ms": forms.of("cluster"),
        "p50_ms": statistics.median(p50),
        "p99_ms": statistics.median(p99),
        "undelivered": undelivered,
        "calls_per_second": whole_calls.rate,
        "calls_cpu_ms": whole_calls.total,
        "calls_web_cpu_ms": whole_calls.of("web"),
        "calls_postgres_cpu_ms": whole_calls.of("postgres"),
        "calls_cluster_cpu_ms": whole_calls.of("cluster"),
        "statements": sum(statements.values()) if statements is not None else None,
        "bare_per_second": bare_forms.rate,
        "bare_cpu_ms": bare_forms.total,
        "bare_p50_ms": statistics.median(bare_p50),  # from its first byte to its answer, as often a second
        "naive_per_second": naive_sends.rate,
        "naive_cpu_ms": naive_sends.total,
        "statement_texts": statements,
    }
    targets = [
        Target("CPU of a form, whole service / bare view", forms.total / bare_forms.total, 2, at_most=True),
        Target("CPU of a whole call / bare view", whole_calls.total / bare_forms.total, 7, at_most=True),
        Target("forms a second / bare view", forms.rate / bare_forms.rate, 0.5),
        Target("first byte to receiver at 20 a second, p50 in ms", statistics.median(p50), 6, at_most=True),
        Target("undelivered", undelivered, 0, at_most=True),
    ]
    if statements is not None:
        targets.append(Target("statements for a form", sum(statements.values()), 6, at_most=True))
    return Report(
        "path",
        f"{options.rounds} rounds of {size} forms and {calls} whole calls (three requests, three webhooks) for "
        f"{min(COMPANIES, size)} companies with an endpoint each, {workers_for(size)} web workers, one cluster, "
        f"{CONNECTIONS} connections; {seconds:g} s at {RATE} forms a second; naive: a task for each webhook, without "
        "the request",
        figures,
        targets,
    )


@contextmanager
def _service(workspace: Workspace, size: int) -> Iterator[tuple[Service, dict[str, int] | None]]:
    companies = min(COMPANIES, size)
    database = workspace.database("path")
    use(database)
    counter = workspace.databases.statement_counter(database)
    with running_receiver(1) as arrivals, helper("request_load") as load:
        customers = _companies(arrivals.urls[0], companies)
        with (
            running_web_server(workspace, database, "web", workers=workers_for(size)) as web,
            workspace.connection(database) as watch,
        ):
            site = Site(web, load, customers)
            site.send("form", max(companies // 20, 4 * CONNECTIONS))  # imports, connections and caches
            statements = _statements(site, counter, min(COUNTED_FORMS, size)) if counter else None
            with running_engine(workspace, database) as cluster:
                groups = Groups.of(
                    web=lambda: tree_seconds(web.pid),
                    postgres=workspace.databases.cpu_of(database),
                    cluster=lambda: tree_seconds(cluster),
                )

                def is_done() -> bool:
                    row = watch.execute(
                        "SELECT NOT EXISTS (SELECT 1 FROM subscriptions_delivery WHERE state = 'pending')"
                    ).fetchone()
                    return bool(row and row[0])

                wait_for(is_done, seconds=PATIENCE, what="the first webhooks are sent")
                yield Service(site, groups, arrivals, is_done), statements


def _statements(site: Site, counter: StatementCounter, forms: int) -> dict[str, int]:
    """What the web server asks the database for one form, by the statement's beginning; what it does not ask for every
    form is left out, such as what a key's first use asks."""
    few = replace(site, companies=site.companies[:COUNTED_COMPANIES])
    few.send("form", forms)
    counter.reset()
    few.send("form", forms)
    found: Counter[str] = Counter()
    for statement in counter.statements():
        if not statement.is_internal:
            found[LITERAL.sub("?", " ".join(statement.text.split()))[:100]] += statement.calls
    return {text: each for text, calls in found.most_common() if (each := round(calls / forms))}


def _companies(url: str, number: int) -> list[tuple[str, str]]:
    """Companies with one endpoint each, `url`/0 and so on: API key and tracking number."""
    from django.db import transaction

    from subscriptions.models import ApiKey, Subscription

    made = []
    with transaction.atomic():
        for position in range(number):
            owner = fixtures.company(f"Bench Dental {position}")
            owner.transcription_expected = False  # its calls are complete with their recording
            owner.save()
            Subscription.objects.create(
                company=owner, name="CRM", url=f"{url}/{position}", events=["form_submission", *EVENTS_OF_A_CALL]
            )
            _, key = ApiKey.objects.issue(company=owner, name="Web site")
            made.append((key, fixtures.tracker(owner).phone_number))
    return made


@contextmanager
def _bare(workspace: Workspace, size: int) -> Iterator[tuple[Site, Groups]]:
    database = workspace.database("bare")
    use(database)
    fixtures.company()
    settings = {"DJANGO_SETTINGS_MODULE": "tests.bench.bare_settings"}
    server = running_web_server(workspace, database, "bare", workers=workers_for(size), **settings)
    with server as web, helper("request_load") as load:
        groups = Groups.of(web=lambda: tree_seconds(web.pid), postgres=workspace.databases.cpu_of(database))
        yield Site(web, load, [("none", "")]), groups


@contextmanager
def _naive(workspace: Workspace) -> Iterator[Callable[[int], tuple[float, dict[str, float]]]]:
    """Sends so many webhooks; seconds and CPU seconds until all were recorded."""
    database = workspace.database("naive")
    with (
        running_naive(workspace, database) as naive,
        running_receiver(1) as arrivals,
        workspace.connection(database) as watch,
    ):
        subscriptions = naive.subscribe([f"{arrivals.urls[0]}/hooks"])
        groups = Groups.of(cluster=lambda: tree_seconds(naive.pid), postgres=workspace.databases.cpu_of(database))

        def is_done() -> bool:
            row = watch.execute("SELECT NOT EXISTS (SELECT 1 FROM django_q_ormq)").fetchone()
            return bool(row and row[0])

        def send(number: int) -> tuple[float, dict[str, float]]:
            groups.meter.start()
            begun = naive.publish(subscriptions, number)
            for _ in range(number):
                arrivals.next(PATIENCE)
            seconds = time.monotonic() - begun
            wait_for(is_done, seconds=PATIENCE, what="the naive tasks end")
            return seconds, groups.used()

        yield send
