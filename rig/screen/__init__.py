"""The touchscreen: pages for a technician with gloves."""
