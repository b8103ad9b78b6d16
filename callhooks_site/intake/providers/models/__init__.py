from .call import ProviderCall
from .leg import ProviderLeg
from .refusal import RefusedCallback
from .source import IngestSource

__all__ = ["IngestSource", "ProviderCall", "ProviderLeg", "RefusedCallback"]
