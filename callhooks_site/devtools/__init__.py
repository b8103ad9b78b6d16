"""What `./dev` runs: a private PostgreSQL, the supervisor of the processes, checks, demo and receiver.

Only for development: nothing of the service imports from here, and what `run` needs imports no Django.
"""
