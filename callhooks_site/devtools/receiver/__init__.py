"""The demo receiver: takes webhooks, checks both signatures, shows and records each.

It stands for a subscriber's program, so it uses the standard library alone and nothing of the sender's code.
"""
