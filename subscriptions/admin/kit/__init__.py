"""Building blocks of all admin pages: tenancy, access, lists, filters, forms, buttons, labels."""
