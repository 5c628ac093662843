"""A pose video brought to the body and the place of a photo.

limbs       part maps as fifteen limbs, cleaned of seams
people      who is there: the figures of a map
joints      where limbs meet, how long and how wide they are
looking     what is seen in a frame and over a clip
similarity  one scale and shift for the clip
inside      nobody leaves the frame
bones       how much longer and wider each limb of the photo is
draw        a frame whose limbs have other lengths
rebuilt     a figure with other limbs over a whole clip
fit         all of it: looks at a clip, then changes its frames
preview     the aligned outline over the photo's map
"""
