"""Prove the safety of writes: three properties over the whole catalog, and every known attack by its class."""
