"""What members keep for later, each for themselves alone."""
