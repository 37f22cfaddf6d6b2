"""Posts as ads, partnerships with creators, ads of others, audiences of one's own, and the posts of a Page."""
