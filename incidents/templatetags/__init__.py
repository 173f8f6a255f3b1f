"""What templates of incidents can say."""
