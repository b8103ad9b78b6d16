from __future__ import annotations

import json
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from calls.models import Tracker
from subscriptions.events import catalogue
from subscriptions.models import ApiKey, Company, Subscription

CALLS = ["pre_call", "call_routing_complete", "post_call", "call_modified"]
REST = ["text_message_sent", "text_message_received", "form_submission"]


class Command(BaseCommand):
    help = "Migrate, and make the companies of a chaos run; prints their keys as JSON."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("receiver", help="the receiver's address, without a path")
        parser.add_argument("--forger", action="store_true", help="with a company whose receiver forges answers")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        everything = [event_type.name for event_type in catalogue.main_types()]
        tenants = []
        companies = {"0": [everything, CALLS, REST, everything], "1": [everything, CALLS]}
        if options["forger"]:
            companies["forger"] = [everything]
        for number, (path, subscribed) in enumerate(companies.items()):
            company = Company.objects.create(name=f"Example {number}")
            tracker = Tracker.objects.create(
                company=company, phone_number=f"+1404555010{number}", name="Web site", source="direct"
            )
            for place, events in enumerate(subscribed):
                Subscription.objects.create(
                    company=company,
                    name=f"Receiver {place}",
                    url=f"{options['receiver']}/{path}/{place}",
                    events=events,
                    ordered=place == 3,
                )
            key = ApiKey.objects.issue(company=company, name="chaos")[1]
            tenants.append({"api_key": key, "tracking_number": tracker.phone_number})
        self.stdout.write(json.dumps({"tenants": tenants}))
