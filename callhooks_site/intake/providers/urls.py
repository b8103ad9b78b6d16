from django.urls import re_path

from . import views

urlpatterns = [
    # Only what can be a key: anything else is a 404 without a query.
    re_path(r"^in/(?P<key>[A-Za-z0-9_-]{32})/(?P<place>[a-z-]{4,20})$", views.callback, name="provider-callback"),
]
