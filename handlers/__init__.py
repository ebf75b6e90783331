"""Here lives what we do when something happens: one file per noun, no network, no SQL, no platform."""
