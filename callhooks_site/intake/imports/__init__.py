"""Import past calls, texts and forms from files: by `manage.py import_data` or the admin.

`lines` reads files, `kinds` and `conversion` turn a line into values, `importer` brings them in; `jobs` and `steps` run
an import of the admin in the background.
"""
