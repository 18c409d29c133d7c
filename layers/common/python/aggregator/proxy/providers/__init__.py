"""One file a provider: how a request and its answer look on that provider's wire."""
