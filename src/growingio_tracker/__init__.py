"""Server-side event SDK for GrowingIO."""
