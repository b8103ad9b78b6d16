"""Where events go: the rules for a subscription, what people and programs do with it, alerts to its owners."""
