"""Configuration as code: companies with all that is set up for them, as a file that is compared and applied."""
