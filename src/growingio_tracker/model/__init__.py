"""Messages, as a program passes them, and their encoded records."""
