"""Members, invitations and logins of companies, and the audit log. Roles are checked in `admin/kit/access.py`."""
