"""Brings webhooks to a server on your own machine, which has no public address: reads the feed, and posts each event
there with the body and headers of its webhook.

Python 3.9 or newer, standard library only.

    export CALLHOOKS_API=https://callhooks.example.com/api/v1 CALLHOOKS_KEY=chk_…     a key with the scope `read`
    python listen.py --forward http://127.0.0.1:3000/hooks --subscription SUB…

With `--subscription` the events are those that the subscription gets, signed with its secret, also while it is paused.
Without it they are all events of the company, without `webhook-signature`. It begins with what happens next, or where
it stopped if `--place FILE` keeps its place. An event is taken as brought when your server has answered, whatever it
answered; while there is no answer it is tried again. Ctrl-C stops it.
"""

import argparse
import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

WAIT_SECONDS = 20  # for the next event; the service allows 25
TRY_AGAIN_SECONDS = 2
FORWARD_SECONDS = 15  # as long as a webhook's receiver has


def ask(api, key, query):
    """A page of the feed. Raises urllib.error.HTTPError, or OSError while the service cannot be reached."""
    address = f"{api.rstrip('/')}/feed/?{urllib.parse.urlencode(query)}"
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {key}"})
    with urllib.request.urlopen(request, timeout=WAIT_SECONDS + 30) as answer:
        return json.load(answer)


def forward(address, event):
    """Post an event, following no redirect, as a webhook. Returns the status. Raises OSError if nobody answers."""
    parts = urllib.parse.urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=FORWARD_SECONDS)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, event["body"].encode(), {**event["headers"], "Accept": "*/*"})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except http.client.HTTPException as error:
        raise OSError(str(error) or type(error).__name__) from error
    finally:
        connection.close()


def bring(address, event, say):
    """Post an event until somebody answers."""
    told = False
    while True:
        began = time.monotonic()
        try:
            status = forward(address, event)
        except OSError as error:
            if not told:
                say(f"{event['type']} {event['id']}: nobody answers at {address} ({error}); trying again.")
                told = True
            time.sleep(TRY_AGAIN_SECONDS)
            continue
        say(f"{event['type']} {event['id']} → {status}, {(time.monotonic() - began) * 1000:.0f} ms")
        return


def listen(api, key, address, query, place="", say=print):
    """Bring events, for ever. `place`: a file that keeps the cursor. Raises SystemExit for what does not pass."""
    after = "latest"
    if place and os.path.exists(place):
        with open(place, encoding="ascii") as kept:
            after = kept.read().strip() or after
    away, began = False, False
    while True:
        # The place is known before anything is waited for: from then on nothing is missed, whatever fails.
        wait = WAIT_SECONDS if began else 0
        try:
            page = ask(api, key, {**query, "after": after, "wait": wait})
        except urllib.error.HTTPError as refused:
            detail = refused.read().decode("utf-8", "replace")[:500]
            if refused.code < 500 and refused.code != 429:
                raise SystemExit(f"The feed answered {refused.code}: {detail}") from None
            time.sleep(min(60, float(refused.headers.get("Retry-After") or TRY_AGAIN_SECONDS)))
            continue
        except OSError as error:
            if not away:
                say(f"{api} cannot be reached ({error}); trying again.")
            away = True
            time.sleep(TRY_AGAIN_SECONDS)
            continue
        if away:
            say("Connected again.")
            away = False
        if not began:
            say(f"Bringing events of {api} to {address}.")
            began = True
        for event in page["results"]:
            if event["body"] is not None:
                bring(address, event, say)
            keep(place, event["cursor"])
        after = page["cursor"]
        keep(place, after)


def keep(place, cursor):
    """Written anew and renamed, so that a stop in between leaves the old one."""
    if place:
        with open(f"{place}.new", "w", encoding="ascii") as kept:
            kept.write(cursor)
        os.replace(f"{place}.new", place)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--forward", required=True, help="where to post, such as http://127.0.0.1:3000/hooks")
    parser.add_argument("--subscription", help="its resource id, SUB…")
    parser.add_argument("--type", help="only these event types, separated by commas")
    parser.add_argument("--place", default="", help="a file that keeps the place")
    given = parser.parse_args(arguments)
    api, key = os.environ.get("CALLHOOKS_API", ""), os.environ.get("CALLHOOKS_KEY", "")
    if not api or not key:
        parser.error("set CALLHOOKS_API to the address of the API (…/api/v1) and CALLHOOKS_KEY to an API key")
    query = {name: value for name, value in (("subscription", given.subscription), ("type", given.type)) if value}

    def say(words):
        sys.stdout.write(f"{time.strftime('%H:%M:%S')} {words}\n")
        sys.stdout.flush()

    try:
        listen(api, key, given.forward, query, given.place, say)
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
