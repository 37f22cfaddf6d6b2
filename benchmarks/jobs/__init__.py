"""Everyday jobs of a performance marketer, done with nothing but what a client sees."""
