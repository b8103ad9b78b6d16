"""The payload versions: a module for each, and the table of them."""
