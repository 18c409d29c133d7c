"""A handler to compare with; see app.py."""
