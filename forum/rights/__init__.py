"""What members may ask for: all that is kept about them, and to leave."""
