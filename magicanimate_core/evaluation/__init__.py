"""How good a finished animation is: frames in, numbers out. No model that animates is run or known here.

Begin with `run`: all that happens, in its order.

what is compared
  layouts        the videos that a folder holds; images has two batches in memory in their place
  videos         one video of them, frame by frame, whatever it is stored as
  sizes          at which size frames are compared, and what sizes that differ rule out
  pairs          which generated frame meets which true one
  planning       what can be measured, before anything heavy; what is missing, and why

what is measured
  per_frame      L1, PSNR, SSIM, LPIPS, foreground L1: a row and a formula each
  comparison     these over all pairs of frames
  averages       their means, and how sure these are
  distances      FID, FID-VID, FVD: what each network is shown; clips cuts it, frechet compares what was seen
  between_sets   these over all videos of both sides
  people         AKD, MKR, AED over all pairs of frames: joints and identity, joint_maps finds the first
  tables         the same from tables that somebody brings
  metrics        two measures of ours, for the drawn world and the ablation
  networks/      the published networks

what is said
  results        metrics.json, metrics.csv
  provenance     versions, checksums, machine
  citation       a row that can be cited
  report/        a page, a picture, words
"""
