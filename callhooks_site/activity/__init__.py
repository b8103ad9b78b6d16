"""Activity: calls, texts and forms of a company in one list, with filters, a search, saved views and an export."""
