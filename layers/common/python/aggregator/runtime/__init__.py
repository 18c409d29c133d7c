"""Edge glue: HTTP, AWS, streaming, logs and the clock."""
