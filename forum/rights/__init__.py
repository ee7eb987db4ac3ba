"""What members may ask for: a copy of everything about them, and to leave."""
