"""Reads that may be some seconds late, from a read replica where DATABASE_REPLICA_URL names one: reports and files of
the admin. Nothing that decides is read there: who may do what, what is sent, what somebody has just saved."""
