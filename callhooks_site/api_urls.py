"""The URLs of API version 1."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path
from rest_framework.routers import DefaultRouter

from callhooks_site.privacy.api.views import ErasureViewSet, PersonExportViewSet
from calls.api.views import CallViewSet, PersonViewSet, TagViewSet, TrackerViewSet
from forms_intake.api.views import FormSubmissionViewSet
from messaging.api.views import TextMessageViewSet
from subscriptions.api.alert_destinations import AlertDestinationViewSet
from subscriptions.api.companies import CompanyViewSet
from subscriptions.api.deliveries import DeliveryViewSet
from subscriptions.api.events import EventTypeViewSet, EventViewSet
from subscriptions.api.feed import FeedViewSet
from subscriptions.api.feed_consumers import FeedConsumerViewSet
from subscriptions.api.issues import IssueViewSet
from subscriptions.api.keys import ApiKeyViewSet, OwnKeyViewSet
from subscriptions.api.kit.views import UnknownAddress
from subscriptions.api.manifests import ADDRESS, ManifestViewSet
from subscriptions.api.resend_jobs import ResendJobViewSet
from subscriptions.api.subscriptions import SubscriptionViewSet

from .api_reference.page import Document, TryOut, group_page, overview, webhook_page


class Router(DefaultRouter):
    include_format_suffixes = False


router = Router()
router.register("calls", CallViewSet, "api-call")
router.register("texts", TextMessageViewSet, "api-text")
router.register("forms", FormSubmissionViewSet, "api-form")
router.register("trackers", TrackerViewSet, "api-tracker")
router.register("people", PersonViewSet, "api-person")
router.register("tags", TagViewSet, "api-tag")
router.register("subscriptions", SubscriptionViewSet, "api-subscription")
router.register(ADDRESS, ManifestViewSet, "api-manifest")
router.register("deliveries", DeliveryViewSet, "api-delivery")
router.register("resend-jobs", ResendJobViewSet, "api-resend-job")
router.register("events", EventViewSet, "api-event")
router.register("feed", FeedViewSet, "api-feed")
router.register("feed-consumers", FeedConsumerViewSet, "api-feed-consumer")
router.register("alert-destinations", AlertDestinationViewSet, "api-alert-destination")
router.register("issues", IssueViewSet, "api-issue")
router.register("erasures", ErasureViewSet, "api-erasure")
router.register("person-exports", PersonExportViewSet, "api-person-export")
router.register("keys", ApiKeyViewSet, "api-key")
router.register("key", OwnKeyViewSet, "api-own-key")
router.register("companies", CompanyViewSet, "api-company")
router.register("event-types", EventTypeViewSet, "api-event-type")

urlpatterns: list[URLPattern | URLResolver] = [
    *router.urls,
    path("schema/", Document.as_view(), name="api-schema"),
    path("docs/", overview, name="api-docs"),
    path("docs/try/", TryOut.as_view(url_name="api-schema"), name="api-docs-try"),
    path("docs/webhooks/<str:name>/", webhook_page, name="api-docs-webhook"),
    path("docs/<slug:group>/", group_page, name="api-docs-group"),
    re_path(r"", UnknownAddress.as_view(), name="api-nothing-here"),
]
