"""What the OpenAPI document needs beyond what drf-spectacular reads from the code."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_lib_doc_excludes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from ...events import catalogue, versions
from ...events.payload_schemas import build_schema
from ...events.versions import DEFAULT
from ...models import ApiKey
from . import idempotency
from .authentication import COMPANY_HEADER
from .reference import Operation, Resource, error_responses, errors_of, problem_response

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
# To subscriptions whose encoding is form.
_FORM_SCHEMA = {
    "type": "object",
    "additionalProperties": {"type": "string"},
    "description": "The same keys; lists and objects as JSON.",
}
_PLACE = {"type": "string"}
_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What is wrong and how to fix it."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["detail"],
                "properties": {"pointer": _PLACE, "parameter": _PLACE, "detail": {"type": "string"}},
            },
        },
    },
}
_HEADERS = {
    "webhook-id": "The id of the event, the same in every attempt.",
    "webhook-timestamp": "Unix time of this attempt, in seconds.",
    "webhook-signature": "Standard Webhooks 1.0: one or two `v1,…` signatures.",
    "Signature": "Base64 of the HMAC-SHA1 of the body, with the company's signing key.",
    "Callhooks-Event": "The type of the event.",
    "Callhooks-Sequence": "The number of the event among those of its call, text or form.",
    "Callhooks-Attempt": "The number of this attempt, from 1.",
}


class BearerKey(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "subscriptions.api.kit.authentication.ApiKeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "chk_…",
            "description": "An API key. A company’s key acts for that company. An operator’s key acts for the company "
            f"in the header `{COMPANY_HEADER}`. Only operators’ keys can use `companies/`.",
        }


_COMPANY_PARAMETER = OpenApiParameter(
    COMPANY_HEADER,
    location="header",
    description="Only for operators’ keys: the resource id of the company to act for.",
)


_IDEMPOTENCY = OpenApiParameter(
    idempotency.HEADER,
    location="header",
    description="Any text of at most 255 characters that is new for each request. A repeat with the same key is "
    "answered as the first time, and nothing is done twice.",
)
_IF_MATCH = OpenApiParameter(
    "If-Match",
    location="header",
    description="The `ETag` of a read. The change is made only if nothing has changed since.",
)
_IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match",
    location="header",
    description="The `ETag` of a read. The answer is 304 if nothing has changed since.",
)
_SUCCESS = {
    "200": "Done.",
    "201": "Created. `Location` has its URL.",
    "202": "Accepted. It is being sent.",
    "204": "Done. There is no body.",
}
_EXISTED = "It existed already, and is returned as it is."


_UNDESCRIBED = Resource("", "", {})


class Schema(AutoSchema):
    """Adds what the view set's `reference` says, the headers that it takes, and all errors."""

    @property
    def resource(self) -> Resource:
        # One without words of its own fails the test of the reference, which names it.
        return getattr(self.view, "reference", _UNDESCRIBED)

    @property
    def operation(self) -> Operation:
        return self.resource.operations.get(getattr(self.view, "action", ""), Operation("", ""))

    def get_summary(self) -> str:
        return self.operation.summary

    def get_description(self) -> str:  # type: ignore[override]  # drf-spectacular has no parameters
        view: Any = self.view
        reads = self.method in ("GET", "HEAD")
        scope = getattr(view, *(("read_scope", ApiKey.Scope.READ) if reads else ("write_scope", ApiKey.Scope.MANAGE)))
        return f"{self.operation.description}\n\nNeeds the scope `{scope}`."

    def get_tags(self) -> list[str]:
        return [self.resource.tag]

    def get_override_parameters(self) -> list[Any]:
        headers = [_COMPANY_PARAMETER] if "/companies/" not in self.path else []
        if self.method in idempotency.METHODS:
            headers.append(_IDEMPOTENCY)
        if self.method in ("PATCH", "DELETE") and self._of_one:
            headers.append(_IF_MATCH)
        if self._knows_versions:
            headers.append(_IF_NONE_MATCH)
        return [*super().get_override_parameters(), *headers]

    @property
    def _of_one(self) -> bool:
        return "{" in self.path

    @property
    def _knows_versions(self) -> bool:
        """Whether it is a read that has an ETag."""
        from .views import RetrieveViewSet

        view: Any = self.view
        return view.action == "retrieve" and getattr(type(view), "retrieve", None) is RetrieveViewSet.retrieve

    def _resolve_path_parameters(self, variables: list[str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]
        for parameter in found:
            parameter["description"] = self.resource.parts.get(parameter["name"], "Its id.")
        return found

    def _get_response_bodies(self, direction: Any = "response") -> Any:
        responses = super()._get_response_bodies(direction)
        view: Any = self.view
        if direction != "response":
            return responses
        for status, response in responses.items():
            response["description"] = "A page of the list." if view.action == "list" else _SUCCESS[status]
        if view.action == "create" and view.returns_existing:
            responses.setdefault("200", responses["201"] | {"description": _EXISTED})
        if self._knows_versions:
            responses["304"] = {"description": "Nothing has changed since the version in `If-None-Match`. No body."}
        responses |= errors_of(
            self.method,
            lists=view.action == "list",
            detail=self._of_one,
            body=self.method in idempotency.METHODS,
            conflict=self.operation.conflict,
        )
        responses["default"] = problem_response("Any other error (RFC 9457), such as 500.")
        return responses


def inline_list(name: str, item: Any) -> Any:
    """The schema of a list that always fits on one page."""
    page = inline_serializer(name, {"next": serializers.CharField(allow_null=True), "results": item(many=True)})
    return forced_singular_serializer(type(page))  # type: ignore[no-untyped-call]


def list_classes_without_public_docs() -> list[type]:
    """A hook of drf-spectacular: base classes whose docstrings are for contributors, not for the API reference."""
    from . import serializers as kit_serializers
    from . import views

    bases = (views.TenantViewSet, views.ListViewSet, views.RetrieveViewSet)
    strict = (kit_serializers.StrictSerializer, kit_serializers.StrictModelSerializer)
    return [*get_lib_doc_excludes(), *bases, *strict]  # type: ignore[no-untyped-call]


def add_problems_and_webhooks(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A hook of drf-spectacular: adds the problem schema and the webhooks, and forbids unknown fields in bodies."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    for name, schema in schemas.items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False  # unknown fields are errors
        for field in schema.get("properties", {}).values():
            if isinstance(field.get("type"), list):
                field["type"] = list(dict.fromkeys(field["type"]))  # the field and allow_null both add "null"
    schemas["Problem"] = _PROBLEM_SCHEMA
    result["components"]["responses"] = error_responses()
    result["webhooks"] = {
        _key(event_type, version): {"post": _webhook(event_type, version)}
        for event_type in catalogue.all_types()
        for version in versions.all_versions()
    }
    return result


def _key(event_type: catalogue.EventType, version: versions.PayloadVersion) -> str:
    """`post_call` in the default version, `post_call_2026_05` in another."""
    return event_type.name if version.name == DEFAULT else f"{event_type.name}_{version.name.replace('-', '_')}"


def _webhook(event_type: catalogue.EventType, version: versions.PayloadVersion) -> dict[str, Any]:
    whole = build_schema(catalogue.serializer_of(event_type, version.name))
    schema = {name: value for name, value in whole.items() if name != "$schema"}
    return {
        "operationId": f"webhook_{_key(event_type, version)}".replace(".", "_"),
        "summary": f"{event_type.label}, version {version.name}",
        "description": f"{event_type.fires} To subscriptions with the payload version {version.name}.",
        "tags": ["Webhooks"],
        "parameters": [
            {"name": name, "in": "header", "required": True, "schema": {"type": "string"}, "description": words}
            for name, words in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {JSON: {"schema": schema}, FORM: {"schema": _FORM_SCHEMA}}},
        "responses": {
            "2XX": {"description": "Received. Callhooks retries after any other response."},
            "410": {"description": "Gone. Callhooks disables the subscription."},
        },
    }
