"""Wire formats, one package each, for clients and for providers."""
