"""Compares what a receiver has with what it was sent: which events it lacks, has twice, has altered or out of order.

Python 3.9 or newer, standard library only. Keep a line for each webhook that you accept, in the order in which they
came:

    {"id": "evt_…", "sha256": "…"}        the header webhook-id, and the SHA-256 of the body as received, in hex

    reconcile.py manifests --records received.jsonl --subscription SUB… [--day 2026-11-29] [--resend]
    reconcile.py feed      --records received.jsonl --subscription SUB… [--save missing.jsonl]

CALLHOOKS_API is the address (https://callhooks.example.com/api/v1), CALLHOOKS_KEY an API key with the scope `read`;
`--resend` needs `manage`, too. With CALLHOOKS_SECRET (whsec_…) the signatures of manifests are checked. Prints what it
found as JSON, and exits with 1 if anything is lacking, doubled, altered or out of order.
"""

import argparse
import base64
import bisect
import hashlib
import hmac
import json
import os
import re
import sys
import urllib.parse
import urllib.request

# In the place of a body whose person was erased: as JSON, or as form fields, where the second hash is that of the form.
ERASED = re.compile(
    r'\{"erased":true,"sha256":"([0-9a-f]{64})"(?:,"sha256_form":"[0-9a-f]{64}")?\}'
    r"|erased=true&sha256=[0-9a-f]{64}&sha256_form=([0-9a-f]{64})"
)


class Untrue(Exception):
    """A manifest is not what it says: a signature, a hash or the chain is wrong."""


class Records:
    """What the receiver has, in the order in which it came."""

    def __init__(self):
        self.arrived = {}  # id: the place of the first, and the hashes of all

    def add(self, event_id, sha256):
        self.arrived.setdefault(event_id, (len(self.arrived), []))[1].append(sha256)

    @classmethod
    def read(cls, lines):
        records = cls()
        for line in lines:
            record = json.loads(line)
            records.add(record["id"], record["sha256"])
        return records


class Findings:
    """Lists of event ids. `undelivered`: lacking, and the service knows it, as it could not deliver them (yet).
    `unlisted`: the receiver has them, and they are in nothing that was compared: of other days, or not of ours."""

    def __init__(self):
        self.compared, self.lacking, self.undelivered = 0, [], []
        self.doubled, self.altered, self.reordered, self.unlisted = [], [], [], []

    @property
    def complete(self):
        return not (self.lacking or self.doubled or self.altered or self.reordered)

    def to_dict(self):
        return {"complete": self.complete, **vars(self)}


def compare(entries, records, in_one_order=False):
    """`entries`: (id, subject, sequence, sha256, outcome) of all events, in the service's order. Events of one subject
    (a call, say) are expected in their sequence; with `in_one_order` all are expected in the order of the entries."""
    found, listed, places = Findings(), set(), {}
    for number, (event_id, subject, sequence, sha256, outcome) in enumerate(entries):
        found.compared += 1
        listed.add(event_id)
        if event_id not in records.arrived:
            (found.lacking if outcome == "delivered" else found.undelivered).append(event_id)
            continue
        place, hashes = records.arrived[event_id]
        if len(hashes) > 1:
            found.doubled.append(event_id)
        if any(one != sha256 for one in hashes):
            found.altered.append(event_id)
        key = (None, number) if in_one_order else (subject, sequence)
        places.setdefault(key[0], []).append((key[1], place, event_id))
    for of_one in places.values():
        found.reordered += out_of_order(of_one)
    found.unlisted = [event_id for event_id in records.arrived if event_id not in listed]
    return found


def out_of_order(events):
    """Of (rank, place, id): the fewest ids without which the others came in the order of their ranks."""
    events.sort()
    tails, tail_of, before = [], [], []  # the longest increasing sequence of places, and how to walk back along it
    for number, (_, place, _) in enumerate(events):
        at = bisect.bisect_left(tails, place)
        tails[at : at + 1], tail_of[at : at + 1] = [place], [number]
        before.append(tail_of[at - 1] if at else -1)
    kept, number = set(), tail_of[-1] if tail_of else -1
    while number >= 0:
        kept.add(number)
        number = before[number]
    return [event_id for number, (_, _, event_id) in enumerate(events) if number not in kept]


class Service:
    """The API, over HTTP. Give another `ask` to reach it in another way."""

    def __init__(self, api, key, ask=None):
        self.api, self.key = api.rstrip("/"), key
        self.ask = ask or self._ask

    def _ask(self, method, path, body=None):
        """The answer's bytes and its headers by their names in lower case."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.api}/{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read(), {name.lower(): value for name, value in answer.headers.items()}

    def get(self, path):
        return json.loads(self.ask("GET", path)[0])

    # --- manifests
    def days(self, subscription):
        """The days that have a manifest, oldest first."""
        found, query = [], "order=oldest&page_size=500"
        while query:
            page = self.get(f"subscriptions/{subscription}/manifests/?{query}")
            found += [each["day"] for each in page["results"]]
            query = urllib.parse.urlsplit(page["next"] or "").query
        return found

    def manifest(self, subscription, day, secret=""):
        """The document and its SHA-256. Raises Untrue for a wrong signature."""
        body, headers = self.ask("GET", f"subscriptions/{subscription}/manifests/{day}/")
        if secret:
            check_signature(body, headers, secret)
        document = json.loads(body)
        if (document["subscription"], document["day"]) != (subscription, day):
            raise Untrue(f"The manifest of {day} is another one.")
        return document, hashlib.sha256(body).hexdigest()

    def entries(self, document):
        """Entries of a manifest, page by page. Raises Untrue for a page that is not the one that the manifest names."""
        path = f"subscriptions/{document['subscription']}/manifests/{document['day']}/pages"
        for number, page in enumerate(document["pages"], 1):
            body, _ = self.ask("GET", f"{path}/{number}/")
            if hashlib.sha256(body).hexdigest() != page["sha256"]:
                raise Untrue(f"Page {number} of the manifest of {document['day']} is not the one that was listed.")
            for line in body.splitlines():
                event_id, _, subject, sequence, sha256, outcome = json.loads(line)
                yield event_id, subject, sequence, sha256, outcome

    def chained(self, subscription, days, secret=""):
        """The entries of these days, oldest first. Raises Untrue if a manifest does not follow from the one before."""
        last = None
        for day in days:
            document, sha256 = self.manifest(subscription, day, secret)
            if last is not None and document["previous"] != last:
                raise Untrue(f"The manifest of {day} does not follow the one of {last['day']}.")
            last = {"day": day, "sha256": sha256}
            yield from self.entries(document)

    def resend(self, subscription, event_ids, subjects):
        """Have these events sent again. `subjects`: the subject of each. Returns the ids that could not be found."""
        left = set(event_ids)
        for subject in sorted({subjects[event_id] for event_id in left}):
            query = f"subscription={subscription}&subject={subject}&page_size=500"
            for delivery in self.get(f"deliveries/?{query}")["results"]:
                if delivery["event_id"] in left:
                    self.ask("POST", f"deliveries/{delivery['id']}/resend/")
                    left.discard(delivery["event_id"])
        return sorted(left)

    # --- the feed
    def feed(self, subscription, after=""):
        """The events of the feed, from a cursor or from the oldest that is kept, to its end."""
        query = {"subscription": subscription, "page_size": "500", **({"after": after} if after else {})}
        while True:
            page = self.get(f"feed/?{urllib.parse.urlencode(query)}")
            yield from page["results"]
            if not page["more"]:
                return
            query["after"] = page["cursor"]


def entry_of(event):
    """The entry of an event of the feed, for `compare`. Of a body that was erased, the feed has the hash."""
    erased = ERASED.fullmatch(event["body"])
    sha256 = erased[1] or erased[2] if erased else hashlib.sha256(event["body"].encode()).hexdigest()
    return event["id"], event["subject"], event["sequence"], sha256, "delivered"


def check_signature(body, headers, secret):
    message = f"{headers.get('webhook-id', '')}.{headers.get('webhook-timestamp', '')}.".encode() + body
    key = base64.b64decode(secret[len("whsec_") :] + "==")
    wanted = b"v1," + base64.b64encode(hmac.digest(key, message, hashlib.sha256))
    given = headers.get("webhook-signature", "").encode().split(b" ")
    if not any(hmac.compare_digest(wanted, one) for one in given):
        raise Untrue("The manifest's signature is wrong.")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("by", choices=["manifests", "feed"])
    parser.add_argument("--records", required=True, help="what was received, as lines of JSON")
    parser.add_argument("--subscription", required=True)
    parser.add_argument("--day", action="append", help="a day (UTC); may be repeated. Without it: all manifests")
    parser.add_argument("--after", default="", help="with feed: the cursor to begin after")
    parser.add_argument("--resend", action="store_true", help="with manifests: have lacking events sent again")
    parser.add_argument("--save", help="with feed: a file to add the events to that are lacking")
    given = parser.parse_args(arguments)
    service = Service(os.environ["CALLHOOKS_API"], os.environ["CALLHOOKS_KEY"])
    with open(given.records, encoding="utf-8") as lines:
        records = Records.read(lines)
    subjects, bodies = {}, {}

    def noted(entries):
        for entry in entries:
            if entry[0] not in records.arrived:
                subjects[entry[0]] = entry[1]
            yield entry

    def read():
        for event in service.feed(given.subscription, given.after):
            if event["body"] is not None:
                if event["id"] not in records.arrived:
                    bodies[event["id"]] = event
                yield entry_of(event)

    if given.by == "feed":
        found = compare(read(), records)
    else:
        days = sorted(given.day or service.days(given.subscription))
        secret = os.environ.get("CALLHOOKS_SECRET", "")
        found = compare(noted(service.chained(given.subscription, days, secret)), records)
    told = found.to_dict()
    if given.resend and subjects:
        told["not_resent"] = service.resend(given.subscription, [*found.lacking, *found.undelivered], subjects)
    if given.save and bodies:
        with open(given.save, "a", encoding="utf-8") as missing:
            missing.writelines(json.dumps(bodies[event_id]) + "\n" for event_id in found.lacking)
    json.dump(told, sys.stdout, indent=1)
    sys.stdout.write("\n")
    return 0 if found.complete else 1


if __name__ == "__main__":
    sys.exit(main())
