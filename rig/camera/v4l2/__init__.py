"""A USB camera (UVC) through the kernel's V4L2."""
