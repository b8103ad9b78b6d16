"""Shapes: what a subscription asks of its bodies beside their payload version: which keys, under which names, what is
masked, and in which format. A shaped body is built once, when the event happens, and stored for its subscription."""
