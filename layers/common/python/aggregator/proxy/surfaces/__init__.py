"""The surfaces besides chat completions: Responses, Anthropic Messages, embeddings."""
