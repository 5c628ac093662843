"""Part maps drawn from a body's joints: no flicker, no holes, sides as the joints say; but the body is ours, not the film's.

landmarks  33 joints of everybody in a frame, by MediaPipe where it is installed
tracking   who is who from frame to frame, at a steady size, without tremble
skeleton   joints as bones with a front and a left
source     the part map of every frame: what a DensePose net does, too
"""
