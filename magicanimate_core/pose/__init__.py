"""The pose video.

exchange DensePose nets, of two kinds: who is in a frame
order    who is drawn on top, the same all through a clip
maps     people become a map of parts
detector all of it: a film, frame by frame
align/   brought to the body and the place of a photo
palettes, forms  the colours in which people save parts, and how each is read
recognition, others  which form frames are in, or what they are instead
surroundings, polling, voting, judging, snapping  blurred seams
steadying  labels that flicker, frames in which nobody was found
preparing  all of it: any form becomes this model's, frame by frame
people   how many
colours  a pose video in other colours is refused
palette  is it DensePose in this model's colours, and fit for training?
"""
