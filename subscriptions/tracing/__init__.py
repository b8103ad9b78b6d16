"""Traces of events by OpenTelemetry, from the request that published one to the answer of its receiver.

The trace of an event is the event's id: no process has to tell another which trace it continues, and nothing is stored.
While tracing is off nothing of OpenTelemetry is imported, and what is left is a look at `spans.on`.
"""
