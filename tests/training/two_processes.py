"""Gradients of a joined batch, by one process or by several:  python -m torch.distributed.run ... two_processes.py FILE"""

import sys

import torch
from accelerate import Accelerator, DistributedDataParallelKwargs
from run_small import small_task  # beside this program


def main(out: str) -> None:
    torch.set_num_threads(1)
    accelerator = Accelerator(cpu=True, kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)])
    task = small_task("1")
    task.module.double()  # so that the order of sums does not show
    batch = {k: v.double() if v.is_floating_point() else v for k, v in task.prepare(task.batch(1, 0, 0)).items()}
    own = slice(accelerator.process_index, None, accelerator.num_processes)
    module = accelerator.prepare(task.module)
    accelerator.backward(module({name: tensor[own] for name, tensor in batch.items()}))
    if accelerator.is_main_process:
        names = {n.removeprefix("module."): p.grad for n, p in module.named_parameters() if p.grad is not None}
        torch.save(names, out)


if __name__ == "__main__":
    main(sys.argv[1])
