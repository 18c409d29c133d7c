"""The embedded run: the whole platform on one machine, without Docker, an AWS account or a provider key."""
