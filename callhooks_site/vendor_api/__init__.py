"""The vendor's API v3 on our models, so that clients written for it run against this service unchanged.

One module per resource. A company is an account with one company in it: an API key sees its own, an operator's key sees
all. docs/moving-from-callrail.md says what is the same and what is different."""
