"""The pose video: is it DensePose in this model's colours?"""
