"""What happens: people, services, incidents, their timeline, updates and changes."""
