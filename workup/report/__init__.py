"""One content model, many formats for people."""
