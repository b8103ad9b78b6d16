"""The seven events, in the words of the contract."""

PRE_CALL = "pre_call"
CALL_ROUTING_COMPLETE = "call_routing_complete"
POST_CALL = "post_call"
CALL_MODIFIED = "call_modified"
TEXT_MESSAGE_SENT = "text_message_sent"
TEXT_MESSAGE_RECEIVED = "text_message_received"
FORM_SUBMISSION = "form_submission"

ALL = (
    PRE_CALL,
    CALL_ROUTING_COMPLETE,
    POST_CALL,
    CALL_MODIFIED,
    TEXT_MESSAGE_RECEIVED,
    TEXT_MESSAGE_SENT,
    FORM_SUBMISSION,
)
