"""Subscriptions and their endpoints: rules, operations, resend jobs, test events, and alerts to owners."""
