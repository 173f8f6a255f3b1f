"""Pages of what is learned."""
