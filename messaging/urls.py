from django.urls import re_path

from . import views

urlpatterns = [
    re_path(r"^texts/(?P<resource_id>SCI[0-9a-f]{32})/media/(?P<number>[0-9]{1,2})$", views.media, name="text-media"),
]
