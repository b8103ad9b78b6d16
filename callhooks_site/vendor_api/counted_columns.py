"""In which ways calls are alike that are counted together, by the day and by the month."""

from __future__ import annotations

# Of a call `c`. The seconds are as in `call_sums.SECONDS`.
COLUMNS = """
    c.tracker_id, c.source, c.direction, c.answered_at IS NOT NULL AS answered, c.voicemail,
    CASE WHEN lower(c.device_type) IN ('desktop', 'mobile') THEN lower(c.device_type) ELSE '' END AS device,
    CASE WHEN c.lead_status IN ('good_lead', 'not_a_lead') THEN c.lead_status ELSE '' END AS lead_status,
    CASE WHEN c.duration IS NOT NULL THEN c.duration
         WHEN c.ended_at IS NOT NULL
         THEN greatest(0, floor(extract(epoch FROM c.ended_at - coalesce(c.answered_at, c.start_time))))::int
         ELSE 0 END AS seconds
"""
