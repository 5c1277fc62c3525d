"""Regions that a reader drew, and what is counted in them."""
