"""`/metrics` for Prometheus: what processes counted, and the state of the service in the database."""
