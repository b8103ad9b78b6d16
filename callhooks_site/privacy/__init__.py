"""A person's data: erased everywhere in a company, or handed out; and how long a company keeps what came in."""
