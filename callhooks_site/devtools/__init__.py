"""The programs behind `./dev run` and `./dev demo`: a private PostgreSQL, the processes, the demo and its receiver.

For development only: the service itself imports nothing from here, and `run` works without Django.
"""
