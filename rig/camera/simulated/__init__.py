"""A simulated `libcamera` and IMX477 under the real, unmodified picamera2, with faults that can be ordered while it films.

`installation.py` puts it where picamera2 looks, and only there and then. It answers as libcamera's Python bindings do, as far as
picamera2 calls them. It cannot show: the hardware encoder, memory shortage, a driver that hangs, heat.
"""
