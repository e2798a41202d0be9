"""Programs that nobody wrote, for the compiler."""
