"""What happened: the event catalogue, publishing, event streams, payload fields and schemas, test events."""
