"""Where people dance.

easel      a picture and brushes
backdrops  painters of places
scenes     a place and its light, from a seed
"""
