"""Events that concern somebody, and the notices that the worker makes of them."""
