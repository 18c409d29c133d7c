"""HTTP to providers: connections, keys, signatures."""
