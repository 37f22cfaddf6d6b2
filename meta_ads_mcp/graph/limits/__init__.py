"""Limits kept on this machine, so that Meta never has to throttle or block an account."""
