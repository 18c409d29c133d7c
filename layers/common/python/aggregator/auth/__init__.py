"""Who calls: API keys, scopes and the authorizer."""
