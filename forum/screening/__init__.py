"""Rules before publication: which texts wait until a moderator has read them."""
