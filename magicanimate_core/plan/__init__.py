"""What a run will do, before it does it.

work      floating-point operations of each part of SD 1.5, by a closed formula
memory    what lies on the device: weights, one call, the clip's latents
plan      windows, calls, padding and noise of a clip: pure data
concerns  what looks wrong about a plan, a sentence each
report    a plan in words
picture   a plan as a picture; overlay has its poses over the photo
"""
