"""Conformance: real, unmodified clients of OpenAI's and Anthropic's APIs against the embedded stack."""
