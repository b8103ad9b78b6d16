"""Building blocks of all API resources: authentication, fields, filters, problems, paging, idempotency."""
