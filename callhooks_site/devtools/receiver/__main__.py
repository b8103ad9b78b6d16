"""`python -m callhooks_site.devtools.receiver`: runs until SIGTERM, SIGHUP or Ctrl-C."""

import errno
import io
import signal
import sys
import threading

from .config import BadSetting, receiver_port, var_folder
from .server import HOST, Receiver
from .webhooks import WebhookHandler


def main() -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 shows what it can
    # Blocked before any thread starts and taken by sigwait below: no handler runs in the middle of anything.
    stops = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    try:
        port, folder = receiver_port(), var_folder()
        folder.mkdir(parents=True, exist_ok=True)
        webhooks = WebhookHandler(folder, sys.stdout)
        server = Receiver(port, webhooks)
    except BadSetting as error:
        return _fail(str(error))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _fail(
                f"Port {port} on {HOST} is in use by another program. "
                f"Stop that program, or choose another port with RECEIVER_PORT."
            )
        return _fail(f"The receiver cannot start: {error}")
    sys.stdout.write(f"Receiver on http://{HOST}:{server.server_port}/ · records in {folder / 'receiver.jsonl'}\n")
    sys.stdout.flush()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    signal.sigwait(stops)
    server.shutdown()
    server.server_close()
    webhooks.close()
    return 0


def _fail(words: str) -> int:
    sys.stderr.write(words + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
