"""The API reference's words on calls, tracking numbers, tags and people."""

from __future__ import annotations

from subscriptions.api.kit.reference import Operation, Resource

_TRACKING = {
    "source": "What the customer came from, such as `google`.",
    "medium": "The kind of source, such as `cpc`.",
    "campaign": "The campaign's name.",
    "keywords": "The words that were searched for or bid on.",
    "referrer": "Where the visit came from, in a word.",
    "referrer_domain": "The host of the page before the visit.",
    "referring_url": "The page before the visit.",
    "landing_page_url": "The first page of the visit.",
    "last_requested_url": "The page that was open before the call.",
    "utm_source": "From the landing page's URL.",
    "utm_medium": "From the landing page's URL.",
    "utm_campaign": "From the landing page's URL.",
    "utm_term": "From the landing page's URL.",
    "utm_content": "From the landing page's URL.",
    "utma": "A cookie of Google Analytics.",
    "utmb": "A cookie of Google Analytics.",
    "utmc": "A cookie of Google Analytics.",
    "utmv": "A cookie of Google Analytics.",
    "utmz": "A cookie of Google Analytics.",
    "ga": "The client id of Google Analytics.",
    "gclid": "The click id of Google Ads.",
    "gbraid": "The click id of Google Ads for apps.",
    "wbraid": "The click id of Google Ads for web sites that may not use cookies.",
    "fbclid": "The click id of Facebook.",
    "msclkid": "The click id of Microsoft Advertising.",
    "ttclid": "The click id of TikTok.",
    "li_fat_id": "The click id of LinkedIn.",
    "kissmetrics_id": "The visitor's id at Kissmetrics.",
    "session_uuid": "The id of the visit.",
    "milestones": "The first and the last visit, and what made the person a lead: an object for each.",
}
TRACKING_FIELDS = _TRACKING
OUTSIDE_IDS = {
    "external_source": "The name of your system. It goes with `external_id`.",
    "external_id": "The id in your system. A repeat of both means the same one, not a second.",
}

CALLS = Resource(
    "Calls",
    "Report calls as they ring, are answered and end; add what becomes known later.",
    {
        "list": Operation(
            "List calls",
            "Returns calls with all their fields, the newest first. Filters combine. A page has at most 100 calls, "
            "because a call can carry a transcript.",
        ),
        "create": Operation(
            "Report a call",
            "Creates a call, best when it rings: `pre_call` is sent. Send later changes with a `PATCH`, or repeat the "
            "`POST` with the same `external_source` and `external_id`, which updates the call and returns 200. One "
            "request makes at most one event of each type.",
        ),
        "retrieve": Operation("Show a call", "Returns one call with all its fields."),
        "partial_update": Operation(
            "Change a call",
            "Sets the fields that are in the body; all others stay. Send `routed_at` when it is routed, `ended_at` "
            "when it has ended, and the recording, transcript, tags and note when you have them. Requests may arrive "
            "in any order if each says in `as_of` when it was true.",
        ),
        "batch": Operation(
            "Report many calls",
            "Takes 1 to 1,000 calls, each as in a single request. The answer has a result for each, in the same "
            "order. A call that is refused does not stop the others.",
        ),
    },
    ("Call",),
    {
        **_TRACKING,
        **OUTSIDE_IDS,
        "resource_id": "The call's id.",
        "call_type": "How the call went, such as `answered`.",
        "direction": "Who called: the customer (`inbound`) or you (`outbound`). It cannot change.",
        "tracker_resource_id": "The id of the tracking number.",
        "person_resource_id": "The id of the customer. Null if the number was withheld.",
        "customer_name": "The customer's name, if it is known.",
        "customer_city": "The customer's city.",
        "customer_state": "The customer's state or region.",
        "customer_country": "The customer's country, two letters.",
        "zip_code": "The customer's postal code.",
        "agent_email": "The email address of whoever took the call.",
        "device_type": "What the customer called from, such as `mobile`.",
        "start_time": "When it rang. Default: now.",
        "routed_at": "When it was routed. Null until then.",
        "answered_at": "When somebody answered. Null if nobody did.",
        "ended_at": "When it ended. Null until then.",
        "voicemail": "Whether the customer left a voicemail.",
        "abandoned": "Whether the customer hung up before anybody could answer.",
        "spam": "Whether it is spam.",
        "keypad_entries": "The keys that the customer pressed.",
        "recording_url": "Where the recording is: http or https. Send `recording_duration` with it.",
        "waveforms": "URLs of pictures of the recording's waveform.",
        "transcription_text": "What was said, as text.",
        "conversational_transcript": "What was said, by speaker: objects with `speaker`, `phrase` and `start`.",
        "speaker_percent": "How much of the time each speaker talked.",
        "keywords_spotted": "Words that were listened for: objects with `keyword` and `locations`.",
        "call_highlights": "Phrases that matter.",
        "call_summary": "What the call was about, in a few sentences.",
        "lead_score": "How good a lead it is, from 0 to 100.",
        "lead_explanation": "Why it has that score.",
        "sentiment": "How the customer felt.",
        "tags": "The names of all its tags. The list replaces the one before. Unknown tags are created.",
        "note": "A note about the call.",
        "value": 'What it is worth, as a string: `"125.00"`.',
        "lead_status": "`good_lead`, `not_a_lead`, or empty.",
        "custom": "A text of your own.",
        "created_at": "When it was recorded here.",
        "updated_at": "When it last changed.",
    },
)

TRACKERS = Resource(
    "Tracking numbers",
    "The phone numbers that customers dial, and what each of them stands for.",
    {
        "list": Operation("List tracking numbers", "Returns the company's tracking numbers, the newest first."),
        "create": Operation(
            "Add a tracking number",
            "Adds a number to the company. Calls and texts can be reported for it at once. A number that the company "
            "has already is a 400.",
        ),
        "retrieve": Operation("Show a tracking number", "Returns one tracking number."),
        "partial_update": Operation(
            "Change a tracking number",
            "Sets the fields that are in the body. With `active` false the number is no longer offered when a call is "
            "entered by hand; its calls stay.",
        ),
    },
    ("Tracker",),
    {
        "resource_id": "The tracking number's id.",
        "name": "What the number is called in lists.",
        "source": "What callers of this number came from, such as `Radio`.",
        "active": "Whether the number is in use.",
        "created_at": "When it was added.",
    },
)

TAGS = Resource(
    "Tags",
    "Labels for calls, such as *Roof repair*.",
    {
        "list": Operation("List tags", "Returns the company's tags, the newest first."),
        "create": Operation(
            "Add a tag",
            "Adds a tag. If the company has a tag of that name, whatever its capitals, that one is returned with 200.",
        ),
        "retrieve": Operation("Show a tag", "Returns one tag."),
        "partial_update": Operation(
            "Change a tag", "Sets the fields that are in the body. A new name shows on all calls with the tag."
        ),
    },
    ("Tag",),
    {
        "id": "The tag's number.",
        "name": "The tag's name; once in a company.",
        "level": "Whom the tag belongs to.",
        "color": "The tag's colour, for systems that show it.",
    },
)

PEOPLE = Resource(
    "People",
    "Your customers. A person is found by a phone number or an email address.",
    {
        "list": Operation(
            "List people",
            "Returns people, the newest first. `phone` and `email` find a person by any of their numbers and "
            "addresses.",
        ),
        "create": Operation(
            "Add a person",
            "Adds a person with a phone number, an email address, or both. A person who has one of them already is "
            "returned with 200, and a new number or address is added to them.",
        ),
        "retrieve": Operation(
            "Show a person",
            "Returns one person. The id of a person who was merged into another still works, and has `merged_into`.",
        ),
        "partial_update": Operation(
            "Change a person",
            "Sets the fields that are in the body. A person must keep a phone number or an email address.",
        ),
    },
    ("Person",),
    {
        "resource_id": "The person's id.",
        "other_phones": "Further numbers of the same person.",
        "other_emails": "Further addresses of the same person.",
        "name": "The person's name.",
        "city": "The person's city.",
        "state": "The person's state or region.",
        "country": "The person's country, two letters.",
        "created_at": "When the person was first seen.",
    },
)
