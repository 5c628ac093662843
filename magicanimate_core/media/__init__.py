"""Pictures and videos.

densepose  the 25 parts and their colours
images     sizes: how a photo and a pose video are brought to the one that is animated
blobs      files and parts of tars, their suffixes, and what cannot be read
pictures   a picture file as pixels
reading    a video file as pixels: at random, in order, or whole
clip       a pose video in the windows that are animated, in bounded memory
writing    videos and pictures to files
"""
