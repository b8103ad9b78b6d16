from django.urls import path

from . import views

urlpatterns = [
    path("calls/<str:resource_id>/timeline", views.timeline, name="call-timeline"),
    path("calls/<str:resource_id>/recording/redirect", views.recording_redirect, name="recording-redirect"),
    path("calls/<str:resource_id>/recording", views.recording_player, name="recording-player"),
]
