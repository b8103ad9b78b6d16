"""The API reference: its page, its introduction, and the examples in the OpenAPI document."""
