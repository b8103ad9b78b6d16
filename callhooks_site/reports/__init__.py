"""Reports: calls, texts and forms of a company by day, hour, source, tracking number and campaign.

They read what is counted by the day in the background, by the same sweep and marks as API v3's totals; a page never
counts calls itself, apart from who called most (`top_callers`), which looks at a bounded number of them."""
