"""What the end-to-end tests stand on: a provider, the emulators, the gateway in its two forms."""
