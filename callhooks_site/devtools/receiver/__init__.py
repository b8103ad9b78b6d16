"""The demo receiver: accepts webhooks, checks both signatures, shows and records each.

It plays a customer's program, so it uses only the standard library and none of the sender's code.
"""
