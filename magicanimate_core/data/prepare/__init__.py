"""Any clips or pictures with their DensePose, checked and made ready to train on.

items    one item: which frames, fit for training or not, written how
writing  the files: clip folders, picture folders, WebDataset shards
"""
