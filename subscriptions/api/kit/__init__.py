"""What every API resource uses: authentication, fields, filters, problems, paging, idempotency."""
