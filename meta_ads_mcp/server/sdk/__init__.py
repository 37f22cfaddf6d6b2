"""What the MCP SDK has to be told before it is imported."""
