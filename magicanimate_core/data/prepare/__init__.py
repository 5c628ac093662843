"""Any clips or pictures with their DensePose, checked and made ready for training."""
