from __future__ import annotations

import getpass
import hashlib
import os
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from subscriptions.models import Company
from subscriptions.tenancy.audit_log import Actor, record

from ...client import NoAnswer, Refused, VendorClient
from ...http import guarded_get
from ...models import ImportProgress, VendorCompany
from ...run import VendorImport

TOKEN = "VENDOR_API_TOKEN"
PROGRESS_SECONDS = 2.0


class Command(BaseCommand):
    help = (
        "Bring a company over from a call tracker with the API v3: trackers, tags, calls, forms and texts. It can be "
        "stopped and repeated: it goes on where it was, and what is here already stays as it is. See "
        "docs/moving-from-callrail.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--base-url", required=True, help="for example https://api.callrail.com/v3")
        parser.add_argument("--token", help=f"the vendor's API key; or set {TOKEN}, which other users cannot see")
        parser.add_argument("--company", metavar="ID", help="ours: its number or COM… id. Without it one is made for "
                            "each of the vendor's companies")  # fmt: skip
        parser.add_argument("--account", metavar="ACC", help="the vendor's account, where the key sees several")
        parser.add_argument("--vendor-company", metavar="COM", help="the vendor's company, where it has several")
        parser.add_argument("--since", default="", metavar="DATE", help="nothing older, such as 2025-01-31 (all)")
        parser.add_argument("--publish", action="store_true", help="send webhooks as if it happened now")

    def handle(self, *args: Any, **options: Any) -> None:
        token = options["token"] or os.environ.get(TOKEN, "")
        if not token:
            raise CommandError(f"Give the vendor's API key with --token or in {TOKEN}.")
        client = VendorClient(options["base_url"], token, get=guarded_get(), sleep=time.sleep, tell=self.stderr.write)
        try:
            for vendor in self._companies(client, options):
                self._import(client, vendor, options)
        except Refused as error:
            raise CommandError(f"The vendor refuses ({error.status}): {error}") from None
        except NoAnswer as error:
            raise CommandError(f"{error} What has come is kept: run it again to go on.") from None

    def _companies(self, client: VendorClient, options: dict[str, Any]) -> list[VendorCompany]:
        account = options["account"] or self._only(client, "a.json", "accounts", "--account")["id"]
        path = f"a/{account}/companies.json"
        if options["company"]:
            target = _company(options["company"])
            wanted = options["vendor_company"] or self._only(client, path, "companies", "--vendor-company")["id"]
            return [_linked(client.base_url, account, wanted, target)]
        rows = [row for page in client.pages(path, "companies", per_page=250) for row in page.rows]
        if options["vendor_company"]:
            rows = [row for row in rows if row["id"] == options["vendor_company"]]
        return [_made(client.base_url, account, row) for row in rows]

    def _only(self, client: VendorClient, path: str, collection: str, option: str) -> Any:
        rows = next(client.pages(path, collection, per_page=250)).rows
        if len(rows) != 1:
            names = ", ".join(f"{row['id']} ({row.get('name')})" for row in rows[:20])
            raise CommandError(f"Say which of the vendor's {collection} with {option}: {names or 'it shows none'}.")
        return rows[0]

    def _import(self, client: VendorClient, vendor: VendorCompany, options: dict[str, Any]) -> None:
        progress = _Progress(self.stderr)
        run = VendorImport(
            client, vendor, publish=options["publish"], since=options["since"], tell=self.stderr.write,
            progress=progress,
        )  # fmt: skip
        with _alone(vendor):
            counts = run.run()
        told = ", ".join(f"{each.new:,} {each.kind}" for each in counts if each.new)
        who = Actor(f"import_from_vendor ({getpass.getuser()})")
        record(who, "Imported", vendor.target, company=vendor.target, detail=f"{told or 'nothing new'} from a vendor")
        for each in counts:
            self.stdout.write(f"{each.kind:>10}: {each.new:,} new, {each.known:,} known, {each.wrong:,} wrong")
        self.stdout.write(f"{vendor.target.name} is brought over ({vendor.target.resource_id}).")


class _Progress:
    """A line every few seconds."""

    def __init__(self, stderr: Any) -> None:
        self._stderr, self._told = stderr, 0.0

    def __call__(self, progress: ImportProgress, total: int) -> None:
        if time.monotonic() - self._told >= PROGRESS_SECONDS:
            self._told = time.monotonic()
            self._stderr.write(f"{progress.kind}: {progress.new + progress.known:,} of {total:,} and more")


class _alone:
    """Two runs of one import would only do each other's work. The lock goes with the connection."""

    def __init__(self, vendor: VendorCompany) -> None:
        digest = hashlib.sha256(f"vendor import {vendor.pk}".encode()).digest()
        self._lock = int.from_bytes(digest[:8], "big", signed=True)

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [self._lock])
            if not cursor.fetchone()[0]:
                raise CommandError("This import is running already.")

    def __exit__(self, *_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [self._lock])


def _company(given: str) -> Company:
    known = Company.objects.filter(pk=int(given)) if given.isdecimal() else Company.objects.filter(resource_id=given)
    company = known.first()
    if company is None:
        raise CommandError(f"There is no company {given}. Its COM… id stands on its page in the admin.")
    return company


def _linked(base_url: str, account: str, wanted: str, target: Company) -> VendorCompany:
    found, _ = VendorCompany.objects.get_or_create(
        base_url=base_url, account_id=account, company_id=wanted, target=target
    )
    return found


def _made(base_url: str, account: str, row: dict[str, Any]) -> VendorCompany:
    """The company that an earlier run made of it, or a new one."""
    known = VendorCompany.objects.filter(base_url=base_url, account_id=account, company_id=row["id"]).first()
    if known is not None:
        return known
    with transaction.atomic():
        target = Company.objects.create(name=str(row["name"])[:200])
        return _linked(base_url, account, row["id"], target)
