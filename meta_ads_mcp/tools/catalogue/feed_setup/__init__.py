"""Setting up feeds: schedules, uploads, and rules that rewrite attributes."""
