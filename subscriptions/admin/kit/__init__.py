"""What every admin page uses: tenancy, access, lists, filters, forms, buttons, words."""
