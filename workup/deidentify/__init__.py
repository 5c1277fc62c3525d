"""De-identification: the standard's profile applied, and checked by a reader that trusts nobody."""
