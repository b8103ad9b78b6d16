from django.urls import re_path

from . import views

# Only what can be a call's id: anything else is a 404 without a query.
CALL = r"^calls/(?P<resource_id>CAL[0-9a-f]{32})"

urlpatterns = [
    re_path(rf"{CALL}/timeline$", views.timeline, name="call-timeline"),
    re_path(rf"{CALL}/recording/redirect$", views.recording_redirect, name="recording-redirect"),
    re_path(rf"{CALL}/recording$", views.recording_player, name="recording-player"),
]
