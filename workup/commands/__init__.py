"""One module per command; each a thin coat over one function."""
