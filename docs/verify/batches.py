"""Takes a webhook apart that may hold one event or several. Python 3.9 or newer, standard library only.

Check the signatures first, of the whole body as received (verify.py). Then:

    for event in read_events(body, headers):
        if event.id not in seen:             # a repeat, of this request or of an earlier one
            handle(event.type, event.data)
            seen.add(event.id)

Answer with a 2xx once all of them are stored. `python batches.py < body.json` prints the ids and hashes of a batch.
"""

import hashlib
import json
import sys
from collections import namedtuple

# `sha256` is that of the event's own body, as manifests list it. `sequence` counts the events of its call.
Event = namedtuple("Event", "id type sequence data sha256")


def read_events(body, headers):
    """`body`: the bytes as received. Returns the events in the order in which they happened."""
    given = {name.lower(): value for name, value in headers.items()}
    if given.get("callhooks-event") != "batch":
        data = json.loads(body)
        return [_event(given["webhook-id"], given["callhooks-event"], given["callhooks-sequence"], data, body)]
    if given.get("content-type", "").startswith("application/x-ndjson"):
        items = [json.loads(line) for line in body.splitlines()]
    else:
        items = json.loads(body)
    return [_of_item(item) for item in items]


def _of_item(item):
    if "specversion" in item:  # a CloudEvent is a body of its own
        return _event(item["id"], item["type"][len("callhooks.") :], item["sequence"], item["data"], _written(item))
    return _event(item["id"], item["type"], item["sequence"], item["data"], _written(item["data"]))


def _event(event_id, kind, sequence, data, own_body):
    return Event(event_id, kind, int(sequence), data, hashlib.sha256(own_body).hexdigest())


def _written(value):
    """As the service writes JSON: the bytes that stand in the list."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


if __name__ == "__main__":
    for event in read_events(sys.stdin.buffer.read(), {"Callhooks-Event": "batch"}):
        print(event.id, event.type, event.sequence, event.sha256)
