"""The networks behind the published numbers: built here or by their libraries, filled from the published files.

table       which there are, where to get their files, and where these lie
opening     a file, checked, as a network
watching    how they are run to measure
i3d         I3D: what FVD sees
resnet3d    3-D ResNet-50: what FID-VID sees
inception   FID's Inception
perceptual  LPIPS on VGG16
pose        heat maps of joints
identity    who it is: a re-identification ResNet-50
"""
