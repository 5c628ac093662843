"""The pose video.

colours  a pose video in other colours is refused
palette  is it DensePose in this model's colours? And if it is blurred, sharpened
"""
