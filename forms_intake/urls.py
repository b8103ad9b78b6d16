from django.urls import re_path

from . import views

urlpatterns = [
    re_path(r"^forms/(?P<resource_id>FRM[0-9a-f]{32})/timeline$", views.timeline, name="form-timeline"),
]
