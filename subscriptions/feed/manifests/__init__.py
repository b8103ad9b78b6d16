"""Manifests: for each subscription and day (UTC) a list of its events that can be signed, chained to the one before."""
