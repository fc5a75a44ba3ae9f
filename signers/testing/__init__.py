"""Devices for tests without devices: fakes that follow the firmware, recordings of real ones. Import its modules."""
