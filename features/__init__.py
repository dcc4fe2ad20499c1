"""What was known about each customer at a cut-off."""
