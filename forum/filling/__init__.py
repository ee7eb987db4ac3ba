"""A made-up forum of any size, similar to real ones, for performance trials: `flask fill`."""
