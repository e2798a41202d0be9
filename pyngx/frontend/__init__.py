"""The front of the compiler: load a filter file, attach its comments, refuse what is not spoken."""
