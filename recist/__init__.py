"""RECIST 1.1 on plain numbers. Standard library only."""
