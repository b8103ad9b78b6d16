"""`./dev chaos`: the real parts under load while they are killed at random, and the question whether anything is lost.

Linux only: who holds a lock is read from /proc.
"""
