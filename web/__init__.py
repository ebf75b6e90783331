"""Here lives how people and programs look in: thin faces of the same use cases."""
