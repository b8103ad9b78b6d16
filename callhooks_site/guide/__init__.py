"""The docs as pages of the admin: which there are, how their Markdown becomes HTML, and how they are searched."""
