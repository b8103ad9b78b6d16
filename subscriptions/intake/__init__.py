"""The shared base of everything that receives data from other systems: sources, and the items they refused.

`forms_intake` builds web site forms on it, `callhooks_site.intake.providers` phone providers' callbacks.
"""
