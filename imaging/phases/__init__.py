"""Which acquisition is which contrast phase, and how we know."""
