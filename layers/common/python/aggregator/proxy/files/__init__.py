"""Files that a request names by their address: fetched here for providers that fetch none. Loaded when first used."""
