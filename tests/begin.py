"""What a process of tests/processes.py does; it finds what is asked of it in `asked`. No test, and imported by nobody."""

import faulthandler
import os
import runpy
import signal
import sys


def run(program: str, arguments: list[str]) -> None:
    """As `python PROGRAM ...` or `python -m PROGRAM ...` would. Returns where that ends with 0, else ends the process."""
    sys.argv = [program, *arguments]
    try:
        runpy.run_path(program, run_name="__main__") if program.endswith(".py") else runpy.run_module(
            program, run_name="__main__", alter_sys=True
        )
    except SystemExit as end:
        if end.code:
            raise


def torchrun(count: int, program: str, arguments: list[str]) -> None:
    """As `torchrun --standalone --nproc-per-node COUNT` would, but for the imports of its processes."""
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    rendezvous = {"rdzv_backend": "c10d", "rdzv_endpoint": "localhost:0", "run_id": str(os.getpid())}
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as it does
    elastic_launch(LaunchConfig(1, 1, count, start_method="fork", max_restarts=0, **rendezvous), run)(program, arguments)


if __name__ == "__main__":
    os.setsid()  # so that its own processes can be ended with it
    signal.signal(signal.SIGINT, signal.default_int_handler)
    faulthandler.register(signal.SIGUSR1)  # where it stands, asked by one who has waited too long; so in its children
    os.chdir(asked["folder"])  # noqa: F821 - of run_path
    os.environ.update(asked["environment"])  # noqa: F821
    said = os.open(asked["said"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)  # noqa: F821
    os.dup2(said, 1), os.dup2(said, 2)
    count, *command = asked["command"]  # noqa: F821
    torchrun(count, *command) if count else run(*command)
