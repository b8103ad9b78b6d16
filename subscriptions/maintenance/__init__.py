"""Housekeeping: retention, statistics, the integrity check, key rotation."""
