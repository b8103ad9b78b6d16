from .rate import SenderRate
from .refusal import FormRefusal
from .source import FormSource
from .submission import FormSubmission

__all__ = ["FormRefusal", "FormSource", "FormSubmission", "SenderRate"]
