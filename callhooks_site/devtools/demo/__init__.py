"""The demo: sends an ordinary day through the public HTTP API and checks that its webhooks arrive."""
