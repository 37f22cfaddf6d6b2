"""Edge handlers. Every module here that is imported registers its handlers with `registry`."""
