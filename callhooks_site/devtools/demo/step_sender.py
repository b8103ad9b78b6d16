"""Sends steps, and remembers the resource id that each subject got."""

from .api import Api, Unanswered
from .steps import Step


class StepSender:
    def __init__(self, api: Api) -> None:
        self._api = api
        self._ids: dict[str, str] = {}

    def send_step(self, step: Step) -> str:
        """Send the step. Returns the resource id. Raises ApiError."""
        known = self._ids.get(step.subject, "")
        resource_id = self._api.send(step.method, step.kind, step.fields, known)
        if known and resource_id != known:
            raise Unanswered(f"{step.method} {step.kind}: answered with {resource_id} instead of {known}")
        self._ids[step.subject] = resource_id
        return resource_id

    def id_of(self, subject: str) -> str:
        """Empty when no request about it was accepted."""
        return self._ids.get(subject, "")

    def forget(self, subjects: set[str]) -> None:
        """Drop their ids: a long run must not remember every call."""
        for subject in subjects:
            self._ids.pop(subject, None)
