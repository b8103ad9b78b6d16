"""How a day is counted. It runs in the sweep of `vendor_api.totals_upkeep`, for days with a mark and once for
all that was there before. Triggers write the marks; those of this app are in its migrations."""

from __future__ import annotations

from callhooks_site.vendor_api.day_tables import DayTables, Items, rows_of_day
from calls.selectors import IS_THEIRS, ROWS_OF_PERSON, SAME_MOMENT, is_earlier

_MOMENT = f"'{SAME_MOMENT.total_seconds():.0f} seconds'"
# Of campaigns of a day: further ones are counted together. Some systems write a new one for each call.
MOST_CAMPAIGNS = 100
OTHER_CAMPAIGNS = "…"

# As webhooks count `prior_calls`: the person's calls before this one, of whichever number.
CALLED_BEFORE = f"""
EXISTS (SELECT FROM calls_person p
         CROSS JOIN LATERAL {ROWS_OF_PERSON}
         CROSS JOIN LATERAL (
               SELECT FROM calls_call e
                WHERE {IS_THEIRS} AND {is_earlier("e", "c", at="start_time", moment=_MOMENT)} LIMIT 1) earlier
         WHERE p.id = c.person_id)
"""
_HOUR = "extract(hour FROM {at} AT TIME ZONE g.time_zone)::int"
_TRACKER_SOURCE = "(SELECT t.source FROM calls_tracker t WHERE t.id = {row}.tracker_id)"
_EMPTY = "false AS answered, false AS voicemail, false AS abandoned, false AS first"
IS_OVER = "(answered_at IS NOT NULL OR voicemail OR ended_at IS NOT NULL)"


def _hours(condition: str) -> str:
    return f"ARRAY[{', '.join(f'count(*) FILTER (WHERE {condition} AND hour = {hour})' for hour in range(24))}]::int[]"


_INSERT = f"""
, item AS MATERIALIZED (
    SELECT g.company_id, g.day, 'call' AS kind, c.tracker_id, c.source, c.campaign,
           coalesce(nullif(c.source, ''), {_TRACKER_SOURCE.format(row="c")}) AS from_where,
           c.direction = 'outbound' AS outbound,
           c.answered_at IS NOT NULL AND NOT c.voicemail AS answered, c.voicemail,
           c.abandoned AND c.answered_at IS NULL AND NOT c.voicemail AS abandoned,
           c.direction = 'inbound' AND c.person_id IS NOT NULL AND NOT {CALLED_BEFORE} AS first,
           c.lead_status = 'good_lead' AS good, coalesce(c.value, 0) AS value,
           CASE WHEN NOT c.voicemail
                THEN greatest(0, extract(epoch FROM c.answered_at - c.start_time)) END AS waited,
           {_HOUR.format(at="c.start_time")} AS hour
      FROM given g
     CROSS JOIN LATERAL {rows_of_day("calls_call", "start_time", f"NOT spam AND {IS_OVER}")} c
     UNION ALL
    SELECT g.company_id, g.day, 'text', m.tracker_id, '', '', {_TRACKER_SOURCE.format(row="m")},
           m.direction = 'outbound', {_EMPTY}, false, 0, NULL, {_HOUR.format(at="m.sent_at")}
      FROM given g
     CROSS JOIN LATERAL {rows_of_day("messaging_textmessage", "sent_at")} m
     UNION ALL
    SELECT g.company_id, g.day, 'form', NULL, f.source, f.campaign, f.source, false, {_EMPTY},
           f.lead_status = 'good_lead', coalesce(f.value, 0), NULL, {_HOUR.format(at="f.submitted_at")}
      FROM given g
     CROSS JOIN LATERAL {rows_of_day("forms_intake_formsubmission", "submitted_at")} f
), most AS (
    SELECT company_id, day, campaign,
           row_number() OVER (PARTITION BY company_id, day ORDER BY count(*) DESC, campaign) AS place
      FROM item WHERE campaign <> '' AND NOT outbound GROUP BY company_id, day, campaign
), by_campaign AS (
    INSERT INTO reports_campaignday (company_id, day, source, campaign, calls, answered, good_leads, forms)
    SELECT i.company_id, i.day, i.from_where,
           CASE WHEN m.place <= {MOST_CAMPAIGNS} THEN i.campaign ELSE '{OTHER_CAMPAIGNS}' END,
           count(*) FILTER (WHERE kind = 'call'), count(*) FILTER (WHERE answered), count(*) FILTER (WHERE good),
           count(*) FILTER (WHERE kind = 'form')
      FROM item i JOIN most m ON m.company_id = i.company_id AND m.day = i.day AND m.campaign = i.campaign
     WHERE NOT i.outbound
     GROUP BY 1, 2, 3, 4
)
INSERT INTO reports_sourceday (
    company_id, day, kind, tracker_id, source, total, outbound, answered, voicemail, abandoned, first_time, good_leads,
    value, seconds_to_answer, hours, answered_hours)
SELECT company_id, day, kind, tracker_id, source, count(*) FILTER (WHERE NOT outbound),
       count(*) FILTER (WHERE outbound), count(*) FILTER (WHERE answered AND NOT outbound),
       count(*) FILTER (WHERE voicemail AND NOT outbound), count(*) FILTER (WHERE abandoned AND NOT outbound),
       count(*) FILTER (WHERE first), count(*) FILTER (WHERE good), coalesce(sum(value), 0),
       coalesce(sum(waited) FILTER (WHERE NOT outbound), 0)::bigint, {_hours("NOT outbound")},
       {_hours("answered AND NOT outbound")}
  FROM item GROUP BY company_id, day, kind, tracker_id, source
"""


TABLES = DayTables(
    names=("reports_sourceday", "reports_campaignday"),
    insert=_INSERT,
    items=(Items("messaging_textmessage", "sent_at"), Items("forms_intake_formsubmission", "submitted_at")),
)
