"""Programs that use what the language accepts, beside what CPython says of them."""
