"""Stored events, for a subscription that did not get them: what its filter would say of them, and sending them."""
