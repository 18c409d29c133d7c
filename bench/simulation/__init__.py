"""A model of the platform under load that can be run: environments, reserves, the settle queue, providers.

`make simulate` runs it; docs/scale.md says what it shows, and what no model can. Standard library only, seeded.
"""
