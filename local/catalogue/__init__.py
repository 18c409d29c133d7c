"""Where the data file of the catalogue comes from."""
