"""The service's HTTP layer: an ASGI application of our own, mounted in the BentoML service."""
