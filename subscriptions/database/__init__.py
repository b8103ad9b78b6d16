"""Statements written by hand that run for every request or delivery: prepared, with their values beside them."""
