"""Ways in and out: joining, signing in, proofs of who one is, changing them."""
