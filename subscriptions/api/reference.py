"""The API reference's words on subscriptions, events, deliveries, keys and companies."""

from __future__ import annotations

from .kit.reference import Operation, Resource

_SENT_ONE_BY_ONE = "A few are sent at first, then more each second while they arrive."

SUBSCRIPTIONS = Resource(
    "Subscriptions",
    "Where your webhooks go, and which events each URL gets.",
    {
        "list": Operation("List subscriptions", "Returns the company's subscriptions, the newest first."),
        "create": Operation(
            "Add a subscription",
            "Sends the events that you choose to a URL from now on. The answer has the `secret` that signs the "
            "webhooks (`whsec_…`). Set `conditions` to send only some of the events.",
        ),
        "retrieve": Operation(
            "Show a subscription", "Returns one subscription. Secrets, header values and logins are not shown."
        ),
        "partial_update": Operation(
            "Change a subscription",
            "Sets the fields that are in the body. Sending back a mask (`••••••`) keeps the stored value. When the "
            "URL moves to another server, send custom headers and login again.",
        ),
        "destroy": Operation(
            "Remove a subscription", "Nothing is sent to it any more. Webhooks that wait are cancelled. Its log stays."
        ),
        "dry_run": Operation(
            "Try a filter on the last 7 days",
            "Says how many of the company's events of the last 7 days a subscription with these `events` and "
            "`conditions` would have got, and which not. Nothing is saved or sent. The newest 2,000 events are judged, "
            "by what was told when they happened; `total` counts all of them. The key also needs the scope `read`.",
            conflict="Another dry run of the company is not done yet.",
        ),
        "past_events": Operation(
            "Send past events",
            "Sends stored events of a period to a subscription that did not get them, in the background: all of the "
            "company, or what another subscription (`source`) got. Its filter, shape, URL and secret apply. Ask with "
            "`count_only` first: the answer is 200 and says what would be sent, and nothing is. The job is a resend "
            "job: watch and cancel it there. What the subscription has already is not sent again, unless `repeat`.",
            conflict="A job of this subscription is still running, the subscription is paused or disabled, or there "
            "is nothing to send.",
        ),
        "pause": Operation(
            "Pause a subscription", "Holds new webhooks, and those that wait, until the subscription is resumed."
        ),
        "resume": Operation(
            "Resume a subscription",
            "Sends what was held, or drops it (`held`). Also brings back a subscription that was disabled. Where "
            "thousands are dropped, `state` becomes `active` some seconds later.",
        ),
        "rotate": Operation(
            "Replace the signing secret",
            "Creates a new secret. The old one also signs for `overlap_hours`, so that your receiver can change over.",
        ),
        "secret": Operation(
            "Show the signing secrets",
            "Returns the secrets, and writes into the audit log that they were seen. It is a `POST` so that no cache "
            "or history keeps them. The key also needs the scope `read`.",
        ),
        "send_now": Operation(
            "Send all that waits",
            f"Sends the webhooks of this subscription that wait for their next try. {_SENT_ONE_BY_ONE} This costs "
            f"none of the ten attempts.",
            conflict="Nothing waits, or the subscription is paused or disabled.",
        ),
        "test": Operation(
            "Send a test event",
            "Sends an event with invented data to this subscription alone, also while it is paused or disabled. Read "
            "the result from the delivery that is returned.",
        ),
    },
    (
        "Subscription",
        "Subscribed",
        "Resumed",
        "Secret",
        "DryRunAnswer",
        "DryRunOfType",
        "DryRunEvent",
        "PastEventsCount",
    ),
    {
        "since": "The beginning of the period; events before it are gone or were not asked for.",
        "until": "The end of the period.",
        "already_there": "How many of the judged ones the subscription has already.",
        "no_body": "How many have no body in the payload version of the subscription.",
        "gone": "How many have no stored body at all.",
        "total": "How many events there are; if `total_is_least` is true, there are more.",
        "total_is_least": "Whether there are more events than `total`.",
        "judged": "How many of them, the newest, were judged.",
        "would_go": "How many of the judged ones would have been sent.",
        "filtered_out": "How many of the judged ones would have been left out.",
        "not_known": "How many can no longer be judged, because what a condition asks about is no longer known.",
        "types": "The same for each event type.",
        "going": "The newest ten that would have been sent.",
        "staying": "The newest ten that would not have been sent, each with the reason.",
        "event": "The name of the event type.",
        "id": "The id of the event: the header `webhook-id`.",
        "subject": "The id of the call, text or form.",
        "outcome": "`would_go`, `filtered_out`, `not_known`, `already_there`, `no_body` or `gone`.",
        "reason": "Which condition said no, or what is no longer known.",
        "resource_id": "The subscription's id.",
        "name": "What the subscription is called in lists.",
        "ordered": "Whether the events of one call, text or form are sent one after the other.",
        "rate_per_minute": "How many requests a minute it gets at most. Null: no limit.",
        "batch_events": "How many events go in one request at most, 2 to 100. Null: each has a request of its own.",
        "batch_seconds": "How long an event waits for others to go with it, 1 to 60.",
        "batch_lines": "Whether a request for several is JSON Lines, not a JSON list.",
        "send_traceparent": "Whether webhooks have the header traceparent (W3C Trace Context). false is the default.",
        "state": "Whether webhooks are sent (`active`) or held.",
        "state_reason": "Why it is in this state.",
        "state_changed_at": "Since when it is in this state.",
        "created_at": "When it was added.",
        "updated_at": "When it last changed.",
        "secret": "Signs the webhooks, `whsec_…`.",
        "previous_secret": "The secret before it, which also signs until `previous_secret_until`. Null: none.",
        "previous_secret_until": "Until when the previous secret also signs. Null: there is none.",
        "held": "What became of the held webhooks.",
    },
)

EVENT_TYPES = Resource(
    "Event types",
    "What can be sent, each with a JSON Schema and an example.",
    {
        "list": Operation(
            "List event types",
            "Returns all event types with the schema of their bodies and an example, for each payload version.",
        ),
        "retrieve": Operation("Show an event type", "Returns one event type with schemas and examples."),
    },
    ("EventType",),
    {"label": "The name for people."},
    parts={"name": "The name of the type."},
)

EVENTS = Resource(
    "Events",
    "What happened, each with the body that its webhooks carry.",
    {
        "list": Operation(
            "List events",
            "Returns events without their bodies, the newest first. To catch up, use `order=oldest` and begin a minute "
            "before the last event that you know.",
        ),
        "retrieve": Operation(
            "Show an event", "Returns one event with its body, byte for byte what is sent, in each payload version."
        ),
    },
    ("Event", "EventWithBody"),
    {
        "type": "The name of the event type.",
        "sequence": "Its number among the events of the same call, text or form.",
        "test": "True for a test event.",
        "created_at": "When it happened.",
    },
)

_DELIVERY_STATE = "Where it stands: `pending`, `delivered`, `failed`, `held` or `cancelled`."
_ACTIVE = "The subscription is paused or disabled."
DELIVERIES = Resource(
    "Deliveries",
    "One event for one subscription, with every attempt: what was sent, what came back.",
    {
        "list": Operation("List deliveries", "Returns deliveries without their attempts, the newest first."),
        "retrieve": Operation(
            "Show a delivery", "Returns one delivery with the request and the response of each attempt."
        ),
        "resend": Operation(
            "Send a delivery again",
            "Sends the same event again, with the same `webhook-id`, whether it was delivered, failed or was left out.",
            conflict=f"It is on its way already. {_ACTIVE}",
        ),
        "send_now": Operation(
            "Send a waiting delivery now",
            "Sends it now instead of at its next try. This costs none of the ten attempts.",
            conflict=f"It does not wait, or is being sent at this moment. {_ACTIVE}",
        ),
        "send_some_now": Operation(
            "Send several waiting deliveries now",
            "Takes up to 500 ids. Those that do not wait, and those of a paused or disabled subscription, are left as "
            "they are. The answer says how many are sent.",
        ),
        "cancel": Operation(
            "Cancel a delivery",
            "Stops a delivery that waits. Send it again later with `resend`.",
            conflict="It is being sent at this moment, or it is finished.",
        ),
    },
    ("Delivery", "DeliveryWithAttempts", "Attempt"),
    {
        "id": "The delivery's number.",
        "event": "The name of the event type.",
        "event_id": "The id of the event: the header `webhook-id`.",
        "sequence": "The event's number among those of its call, text or form.",
        "subscription": "The id of the subscription.",
        "payload_version": "Which keys the body has.",
        "encoding": "As what the body is sent: `json` or `form`.",
        "state": _DELIVERY_STATE,
        "reason": "Why, in words.",
        "attempt_count": "How many attempts there were.",
        "status_code": "The status of the last answer. Null: there was none.",
        "due_at": "When it is tried next. Null: not at all.",
        "created_at": "When the event happened.",
        "finished_at": "When it was delivered, failed or was cancelled.",
        "number": "The number of the attempt, from 1.",
        "outcome": "How the attempt ended.",
        "started_at": "When the attempt began.",
        "duration_ms": "How long it took, in milliseconds.",
        "url": "Where it was sent.",
        "request_headers": "The headers of the request, as pairs of name and value. Your own values are masked.",
        "response_headers": "The headers of the response, as pairs of name and value.",
        "response_truncated": "Whether only the beginning of the response's body was kept.",
        "error": "What went wrong, in a word.",
        "message": "What went wrong, and what to do.",
        "attempts": "All attempts, the first one first.",
    },
)

RESEND_JOBS = Resource(
    "Resend jobs",
    "Send all webhooks of a period again.",
    {
        "list": Operation("List resend jobs", "Returns the company's resend jobs, the newest first."),
        "create": Operation(
            "Send a period again",
            "Sends the deliveries of a period that failed (or those in `states`) again, in the background. Ask with "
            "`count_only` first: the answer is 200 with their number, and nothing is sent. Then `sent` of `total` "
            "tells how far the job is.",
            conflict="A job of this subscription is still running, or the subscription is paused or disabled.",
        ),
        "retrieve": Operation("Show a resend job", "Returns one job with its progress."),
        "cancel": Operation("Cancel a resend job", "Stops the job. What it has sent already is not taken back."),
    },
    ("ResendJob", "NewResendJob", "ResendCount"),
    {
        "id": "The job's number.",
        "subscription": "The id of the subscription.",
        "since": "Deliveries created at or after this time.",
        "until": "Deliveries created before this time.",
        "states": "The states of the deliveries that are sent again.",
        "per_second": "How many are sent each second.",
        "state": "Whether it runs, is done or was cancelled.",
        "total": "How many deliveries, or past events, there are to send.",
        "sent": "How many have been sent so far.",
        "kind": "`again`: deliveries are sent again. `past`: past events are sent to a subscription.",
        "events": "The types of the past events. Null for `again`.",
        "source": "The subscription whose past webhooks are sent. Null: the events of the company.",
        "filtered_out": "How many past events were left out; each has a delivery with the reason.",
        "already_there": "How many past events the subscription had already.",
        "gone": "How many past events are no longer stored.",
        "created_at": "When it was started.",
        "finished_at": "When it ended. Null while it runs.",
    },
)

_KEY_FIELDS = {
    "id": "The key's number.",
    "name": "What the key is for.",
    "prefix": "The first characters of the key, to recognise it.",
    "scopes": "What the key may do: `read`, `ingest`, `manage`.",
    "created_at": "When it was created.",
    "revoked_at": "When it was revoked. Null: never.",
    "last_used_at": "When it was last used, to five minutes. Null: never.",
    "made_by": "Who created it.",
    "company": "The company's id.",
    "company_name": "The company's name.",
}
KEYS = Resource(
    "API keys",
    "Create, rotate and revoke the keys of your company.",
    {
        "list": Operation(
            "List API keys", "Returns all keys of the company, also revoked ones. Never the keys themselves."
        ),
        "create": Operation(
            "Create an API key",
            "Creates a key with scopes that your own key has. Only this answer has the key itself. The new key ends "
            "no later than yours, and is revoked with it.",
            conflict="The company has 100 keys that work already.",
        ),
        "retrieve": Operation(
            "Show an API key", "Returns one key: its name, scopes and last use. Never the key itself."
        ),
        "rotate": Operation(
            "Replace an API key",
            "Creates a key with the same name and scopes. The old one keeps working for `overlap_hours`.",
            conflict="The key has expired or was revoked, or the company has 100 keys that work already.",
        ),
        "destroy": Operation(
            "Revoke an API key",
            "The key, and all keys that were created with it, stop working at once. They stay listed.",
        ),
    },
    ("ApiKey", "MadeKey"),
    _KEY_FIELDS,
)
OWN_KEY = Resource(
    KEYS.tag,
    KEYS.about,
    {"list": Operation("Show your own key", "Returns the key that sends the request, its scopes, and its company.")},
    ("OwnKey",),
    _KEY_FIELDS,
)

COMPANIES = Resource(
    "Companies",
    "For operators of the service: their keys act for every company. Other keys get 404.",
    {
        "list": Operation("List companies", "Returns all companies of the service, the newest first."),
        "create": Operation("Add a company", "Adds a company. Members are invited in the admin."),
        "retrieve": Operation("Show a company", "Returns one company."),
        "partial_update": Operation("Change a company", "Sets the fields that are in the body."),
        "keys": Operation(
            "Create a company's API key",
            "Creates a key that acts for this company. Only this answer has the key itself.",
            conflict="The company has 100 keys that work already.",
        ),
    },
    ("Company",),
    {
        "resource_id": "The company's id.",
        "name": "The company's name.",
        "time_zone": "The zone of its pages and reports, such as `America/Chicago`.",
        "country": "Two letters: how phone numbers without + are read. Default: its time zone's country.",
        "recording_expected": "Whether `post_call` waits for the recording of an answered call.",
        "transcription_expected": "Whether `post_call` waits for the transcript of an answered call.",
        "created_at": "When it was added.",
    },
)
