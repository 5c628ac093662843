"""A pose video brought to the body and the place of a photo.

limbs       part maps as fifteen limbs, cleaned of seams
people      who is there: the figures of a map
joints      where limbs meet, how long and how wide they are
kept        what is kept of every frame, in a few hundred bytes
looking     what is seen in a frame and over a clip
sureness    how much of a measurement is followed
similarity  one scale and shift from frames in the photo's pose
sizes       the same where there are none, as far as it is sure
inside      nobody leaves the frame
bones       how much longer and wider each limb of the photo is
places      how far each joint goes beyond scale and shift
draw        a frame whose limbs have other lengths
steady      limbs that do not tremble
rebuilt     a figure with other limbs over a whole clip
fit         all of it: looks at a clip, then changes its frames
preview     the aligned outline over the photo's map
"""
