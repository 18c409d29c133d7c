"""What happened: usage added up by hour."""
