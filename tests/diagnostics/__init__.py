"""Wrong programs, each with the message that its author should see."""
