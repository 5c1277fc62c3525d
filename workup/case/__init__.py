"""A case: what goes in, what a reader did, and the folder that never loses it."""
