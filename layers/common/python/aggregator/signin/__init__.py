"""Sign-in by OpenID Connect: an ID token of the issuer that operators trust becomes a session."""
