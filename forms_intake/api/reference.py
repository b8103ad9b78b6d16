"""The API reference's words on forms."""

from __future__ import annotations

from calls.api.reference import OUTSIDE_IDS, TRACKING_FIELDS
from subscriptions.api.kit.reference import Operation, Resource

FORMS = Resource(
    "Forms",
    "Report forms that were filled in on a web site.",
    {
        "list": Operation("List forms", "Returns submitted forms, the newest first. Filters combine."),
        "create": Operation(
            "Report a form",
            "Records a submitted form; `form_submission` is sent. Fields that look like passwords or card numbers are "
            "dropped. A repeat with the same `external_source` and `external_id` returns the first one with 200. A "
            "form cannot be changed.",
        ),
        "retrieve": Operation("Show a form", "Returns one submitted form."),
        "batch": Operation(
            "Report many forms",
            "Takes 1 to 1,000 forms, each as in a single request. The answer has a result for each, in the same "
            "order. A form that is refused does not stop the others.",
        ),
    },
    ("FormSubmission",),
    {
        **TRACKING_FIELDS,
        **OUTSIDE_IDS,
        "resource_id": "The form's id.",
        "person_resource_id": "The id of the customer. Null if the form has no number and no address.",
        "form_url": "The page with the form.",
        "submitted_at": "When it was sent. Default: now.",
        "fcid": "The visitor's id in the form script.",
        "created_at": "When it was recorded here.",
    },
)
