"""Who may do what in a company: members and their roles, access, invitations, logins, and the audit log."""
