"""What protects the web side as a whole: who logs in how often, from where, and what browsers may do with our pages."""
