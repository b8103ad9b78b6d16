"""An invented month of a company, which `./dev demo --month` puts into the database: its calls, texts and forms, and
what became of their webhooks at three subscriptions, one of which fails."""
