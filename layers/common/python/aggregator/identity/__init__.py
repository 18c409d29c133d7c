"""People: who uses the platform, and whether they may."""
