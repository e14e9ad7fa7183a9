"""The newsstand's other two outlets, as data."""
