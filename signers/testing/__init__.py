"""Devices for tests without devices: fakes that follow the firmware, recorders and replays of real ones. Import their modules."""
