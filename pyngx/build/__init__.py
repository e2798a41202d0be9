"""From an nginx on this machine to a running module: find, configure once, compile, load, serve."""
