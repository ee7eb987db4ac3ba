"""A made-up forum of any size, as real ones are, for trials of speed: `flask fill`."""
