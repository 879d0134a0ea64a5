"""One file a command: parse, call the library, write. No science here."""
