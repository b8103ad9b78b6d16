from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from forms_intake.web.script import capture_script
from forms_intake.web.views import submit

from . import health
from .metrics.page import metrics
from .security import password_reset
from .security.client_address import client_address
from .security.contact import security_txt

urlpatterns = [
    # Each address is compared with one after the other: most requests are programs'.
    path("api/v1/", include("callhooks_site.api_urls")),
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", metrics, name="metrics"),
    path(".well-known/security.txt", security_txt, name="security-txt"),
    *password_reset.urlpatterns,  # before the admin, which answers all addresses below its own
    path("admin/", admin.site.urls),
    # Clients join base and path with one slash too many.
    re_path(r"^(?:/)?(?:api/)?v3/*", include("callhooks_site.vendor_api.urls")),
    path("", include("calls.urls")),
    path("", include("messaging.urls")),
    path("", include("forms_intake.urls")),
    path("", include("callhooks_site.intake.providers.urls")),
    path("f/js/<str:name>", capture_script, name="capture-script"),
    path("f/<str:key>", submit, {"address_of": client_address}, name="form-endpoint"),
]

handler400 = "callhooks_site.api_errors.bad_request"
handler403 = "callhooks_site.api_errors.permission_denied"
handler404 = "callhooks_site.api_errors.not_found"
handler500 = "callhooks_site.api_errors.server_error"
