"""What can be wrong with a request or a message, and how to say it in two languages."""
