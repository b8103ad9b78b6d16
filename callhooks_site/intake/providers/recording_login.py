"""The login for recordings at Twilio: the account's SID and auth token. What is stored of SignalWire is a signing key,
which opens nothing."""

from __future__ import annotations

import re

from calls.models import Call
from subscriptions.delivery.remote_files import Login

from .models import IngestSource

# Only to Twilio's own servers and encrypted: whoever sets a call's recording_url must not get the token sent elsewhere.
SERVER = re.compile(r"https://(?:[a-z0-9-]+\.)*twilio\.com/")
_ACCOUNT = re.compile(r"/Accounts/(AC[0-9a-fA-F]{32})/")


def find_login(call: Call) -> Login | None:
    server, account = SERVER.match(call.recording_url), _ACCOUNT.search(call.recording_url)
    if server is None or account is None:
        return None
    source = IngestSource.objects.filter(
        company_id=call.company_id, provider=IngestSource.Provider.TWILIO, account_sid=account[1]
    ).first()
    return (source.account_sid, source.auth_token) if source is not None else None
