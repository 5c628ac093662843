"""Pictures and videos.

densepose  the 25 parts and their colours
images     sizes: how a photo and a pose video are brought to the one that is animated
blobs      files and parts of tars, their suffixes, and what cannot be read
pictures   a picture file as pixels
timing     when frames are shown: unequal frames at a constant rate, and at any other
container  a video file opened at its video, and whether its end is missing
display    a decoded frame as it is displayed: colours by its tags, upright
index      where a video file's frames are, and when they are shown
animation  an animated picture as a video
reading    a video file as pixels: at random, in order, or whole
sound      the sound of one video for another
clip       a pose video in the windows that are animated, in bounded memory
writing    videos and pictures to files
"""
