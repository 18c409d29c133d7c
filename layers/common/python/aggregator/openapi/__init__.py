"""The platform's OpenAPI document: generated from the code (local/openapi.py), packaged, served."""
