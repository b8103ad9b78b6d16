"""The keys of each call webhook, in the order of the contract."""

PRE_CALL = tuple(
    """
    answered call_type formatted_call_type customer_city customer_country customer_name customer_number
    customer_phone_number customer_state company_id company_name company_resource_id company_time_zone
    created_at direction duration formatted_duration first_call formatted_tracking_phone_number
    person_resource_id prior_calls resource_id source_name start_time total_calls tracker_resource_id
    tracking_phone_number voicemail timestamp
    """.split()
)

# Only if the call flow set them.
ROUTING_OPTIONAL = tuple(
    """
    tags source medium campaign keywords referrer referrer_domain referring_url landing_page_url
    last_requested_url utm_source utm_medium utm_term utm_content utm_campaign ga gclid fbclid msclkid
    """.split()
)

CALL_ROUTING_COMPLETE = (
    *PRE_CALL,
    "business_phone_number",
    "formatted_business_phone_number",
    *ROUTING_OPTIONAL,
)

POST_CALL = tuple(
    """
    answered business_phone_number call_type company_id company_name company_time_zone created_at
    customer_city customer_country customer_name customer_number customer_phone_number customer_state
    device_type direction duration first_call formatted_call_type formatted_customer_location
    formatted_business_phone_number formatted_customer_name prior_calls
    formatted_customer_name_or_phone_number formatted_customer_phone_number formatted_duration
    formatted_tracking_phone_number formatted_tracking_source formatted_value good_lead_call_id
    good_lead_call_time lead_status note recording recording_duration source source_name start_time tags
    detail_tags total_calls tracking_phone_number transcription value voicemail waveforms keywords medium
    referring_url landing_page_url last_requested_url milestones referrer_domain conversational_transcript
    utm_source utm_medium utm_term utm_content utm_campaign utma utmb utmc utmv utmz ga fbclid gclid
    integration_data keywords_spotted recording_player speaker_percent call_highlights agent_email campaign
    msclkid keypad_entries recording_redirect spam timeline_url custom callercity callercountry callername
    callernum callerstate callsource datetime destinationnum kissmetrics_id landingpage referrer
    referrermedium score tag trackingnum timestamp person_resource_id resource_id company_resource_id
    tracker_resource_id
    """.split()
)
