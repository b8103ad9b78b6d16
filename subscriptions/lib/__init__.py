"""Code without Django and without a database: ids, encryption, shared errors, checks on JSON."""
