"""The addresses of the activity pages, under the admin."""

from __future__ import annotations

from functools import partial

from django.contrib.admin import AdminSite
from django.urls import URLPattern, path

from .export import export
from .marked import act
from .page import activity_page
from .view_pages import add_page, change_page


def urls(site: AdminSite) -> list[URLPattern]:
    return [
        path("activity/", site.admin_view(partial(activity_page, site=site)), name="activity"),
        path("activity/export/", site.admin_view(export), name="activity_export"),
        path("activity/marked/", site.admin_view(act), name="activity_marked"),
        path("activity/savedview/add/", site.admin_view(partial(add_page, site=site)), name="activity_view_add"),
        path(
            "activity/savedview/<int:object_id>/",
            site.admin_view(partial(change_page, site=site)),
            name="activity_view",
        ),
    ]
