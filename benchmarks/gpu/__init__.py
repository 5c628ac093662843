"""What only a GPU can tell, in one go.

    python -m benchmarks.gpu [--parts 2 6 7] [--out DIR] [--work DIR] [--comfyui PATH] [--tiny]

Full-size nets with random weights in the published layouts, 512 x 512, 96 frames, 5 steps, fp16, in ComfyUI 0.33 with
dynamic VRAM and without. Every part stays under ten minutes. Its processes run one after the other, so one that crashes or
takes too long costs its own rows only, and after each the results are on disk: DIR/gpu_DATE_CARD.json and, as tables, .md
(DIR: benchmarks/results). Part 3 adds a profile and a trace. A second run with other --parts adds to the same files. The
weights (5 GB) stay in --work for the next run. --tiny runs the whole list on a small net, also where there is no GPU; what
has no meaning there is null, with the reason.

 1  Load Demo Model and demo_dance on a clean server
 2  seconds a step: in ComfyUI, without it, and the official algorithm's amount of work; the share of the card's own matrix
    rate, which every run measures; peak memory for 32, 96 and 512 frames
 3  where the GPU waits: a profile of two steps, idle time a window, the longest gaps by the line of code behind them
 4  cfg 1 against cfg 7.5 in one call and in two; below how much free memory ComfyUI makes two of it
 5  SAG, Differential Diffusion with a mask, the temporal MODEL as the first thing a process loads
 6  what a clip's latents take on the device: peak memory for 96, 512 and 2000 frames
 7  ComfyUI's memory estimate for a window against the measured peak at 512, 768 and 1024; cards of 8 and 6 GB
 8  torch.compile: graphs, breaks, recompilations, speed
 9  attention back ends against PyTorch's: error, speed
10  fp16, bf16, fp8_e4m3fn and --fast against fp32 after 25 steps; infinities at 1024
11  --lowvram, --novram, weights that stream: the same latents, at what speed; LoRA as a hook
12  a LoRA's strength changed between two runs: seconds to the first step, peak memory
13  training, full size: 20 steps of stage 1 and of stage 2 (the count beside it: benchmarks/results/training.md)
14  the demo model's training, for nine minutes; the same command goes on
15  every preset: a whole run's seconds beside the published settings', and peak memory

Not there: in part 3 the trials of other ways to handle pose hints and residuals, which the pack does not have; in part 14
256 x 256 and dancers drawn on all cores, which `scripts.train_demo` has no options for.
"""
