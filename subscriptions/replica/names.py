"""The names of the two databases in DATABASES."""

PRIMARY = "default"
REPLICA = "replica"
