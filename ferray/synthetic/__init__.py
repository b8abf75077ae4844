"""How the `demo` faces are drawn: what a face does, whose it is, how the head is held, what the camera makes of it.

Face coordinates: x to the right, y down, the origin between eyes and nose, the chin near y = 1, the cheeks near
x = 0.75. P = points.
"""
