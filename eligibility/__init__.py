"""Trial criteria with three answers. Standard library and `recist` only."""
