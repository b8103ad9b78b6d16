"""Who may do what for which company: members, invitations, logins and the audit log."""
