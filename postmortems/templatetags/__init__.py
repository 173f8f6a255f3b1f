"""What templates say of lessons."""
