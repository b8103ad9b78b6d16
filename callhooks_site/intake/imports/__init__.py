"""`manage.py import_data`: past calls, texts and forms out of files. lines → kinds → run."""
