"""What the HTTP client alone can do: the same threads, no database, nothing recorded.

python -m tests.bench.bare_client     (reads a line of JSON, then a line that says go)
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Sequence

from subscriptions.delivery.http.client import Client, Request

HEADERS = {
    "Content-Type": "application/json",
    "User-Agent": "Callhooks/bench",
    "Signature": "UZAHbUdfm3GqL7qzilGozGzWV64=",
    "webhook-id": "evt_00000000000000000000000000000000",
    "webhook-timestamp": "1767225600",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLdS1c=",
    "Callhooks-Event": "post_call",
    "Callhooks-Sequence": "1",
    "Callhooks-Attempt": "1",
}


def send_all(urls: Sequence[str], *, requests: int, threads: int, body_bytes: int) -> None:
    """Raises RuntimeError when one fails."""
    client = Client(allowed_networks=["127.0.0.0/8"], per_host=threads)
    content = b"x" * body_bytes
    failed: list[str] = []

    def work(number: int) -> None:
        request = Request(urls[number % len(urls)], HEADERS, content)
        for _ in range(requests // threads + (number < requests % threads)):
            answer = client.send(request)
            if answer.status != 204:
                failed.append(answer.message or str(answer.status))
                return

    crew = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    client.close()
    if failed:
        raise RuntimeError(f"The bare client failed: {failed[0]}")


def main() -> None:
    asked = json.loads(sys.stdin.readline())
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    begun, cpu = time.monotonic(), time.process_time()
    send_all(asked["urls"], requests=asked["requests"], threads=asked["threads"], body_bytes=asked["body_bytes"])
    done = {"begun": begun, "done": time.monotonic(), "cpu": time.process_time() - cpu}
    sys.stdout.write(json.dumps(done) + "\n")


if __name__ == "__main__":
    main()
