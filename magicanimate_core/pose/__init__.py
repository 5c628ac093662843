"""The pose video.

palette  is it DensePose in this model's colours? And if it is blurred, sharpened
"""
