"""`./dev simulate twilio`: a day of calls as Twilio tells of it on a bad day; are each call's events right?"""
