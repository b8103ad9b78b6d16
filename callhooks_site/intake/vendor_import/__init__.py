"""Brings a company over from the vendor, through its API v3, as a client of it."""
