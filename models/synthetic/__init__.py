"""The synthetic chamber: a parametric mouse, painted without a GPU, with labels that are exact because they are built in.

Lengths are in centimetres. The mouse's own frame has x to its right, y to its front and z up; its head's origin lies between the
eyes and ears. Colours are linear red, green and blue from 0 to 1; angles are in degrees where the name says so.
"""
