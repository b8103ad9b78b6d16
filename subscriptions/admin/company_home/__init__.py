"""The home page of one company: what is well and what is not in one sentence, what to do about it, and the figures."""
