"""How many files a web process hands through at once.

Each holds one of its threads for as long as the file's server takes, and whoever has a link may ask: without a limit,
one slow server would end the service for everybody.
"""

from __future__ import annotations

from ..lib.process_slots import ProcessSlots

TOGETHER = 3  # of the process's threads in gunicorn.conf.py; half of them stay free of files
OF_ONE_COMPANY = 2

SLOTS = ProcessSlots(TOGETHER, OF_ONE_COMPANY)
