"""Protection of the web service: logins and their limits, second factor, invitations, and headers for browsers."""
