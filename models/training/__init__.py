"""Training of the bundled networks; needs the `train` extra. Nothing outside this package imports torch or onnx."""
