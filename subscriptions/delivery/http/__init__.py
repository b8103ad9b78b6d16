"""The HTTP client: requests, replies, addresses, URL rules, certificates. It knows nothing of deliveries."""
