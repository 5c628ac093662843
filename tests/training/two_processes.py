"""Gradients of a joined batch, by one process or by several:  python -m torch.distributed.run ... two_processes.py FILE"""

import sys

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs

from magicanimate_core.testing.tiny_training import small_task


def main(out: str) -> None:
    torch.set_num_threads(1)
    accelerator = Accelerator(cpu=True, kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)])
    task = small_task("1")
    task.module.double()  # so that the order of sums does not show
    mine = slice(accelerator.process_index, None, accelerator.num_processes)
    batch = task.prepare(task.batch(1, 0, 0))
    share = batch._make(field[mine] if torch.is_tensor(field) else field for field in batch)
    share = share._make(field.double() if torch.is_tensor(field) and field.is_floating_point() else field for field in share)
    module = accelerator.prepare(task.module)
    accelerator.backward(module(share))
    if accelerator.is_main_process:
        names = {n.removeprefix("module."): p.grad for n, p in module.named_parameters() if p.grad is not None}
        torch.save(names, out)


if __name__ == "__main__":
    main(sys.argv[1])
