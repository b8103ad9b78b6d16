from .call import ProviderCall
from .refusal import RefusedCallback
from .source import IngestSource

__all__ = ["IngestSource", "ProviderCall", "RefusedCallback"]
