import argparse
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.record import RESULTS
from scripts.comfyui import PACK, find_comfyui

from . import __doc__ as about
from .bench import FULL, TINY
from .results import Results
from .running import Runner
from .table import PARTS


def main() -> None:
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", type=int, nargs="+", default=[part.number for part in PARTS], metavar="N")
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="DIR", help="where results go")
    parser.add_argument("--work", type=Path, metavar="DIR", help="where weights go (default: a folder for temporary files)")
    parser.add_argument("--comfyui", type=Path, default=find_comfyui())
    parser.add_argument("--tiny", action="store_true", help="a small net and short clips")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))  # takes the processes along, see running.run_group
    if options.comfyui is None:
        parser.error("no ComfyUI: expected --comfyui, or COMFYUI_PATH, or ~/comfy/ComfyUI.")
    size = "tiny" if options.tiny else "full"
    work = (options.work or Path(tempfile.gettempdir()) / f"magicanimate_gpu_{size}").resolve()
    write_weights(work, options.tiny)
    card = describe_card(options.tiny)
    command = " ".join(["python -m benchmarks.gpu", *(["--tiny"] if options.tiny else [])])
    results = Results(options.out, card, options.tiny, command)
    runner = Runner(comfyui=options.comfyui.resolve(), work=work, stem=results.stem, card=card, tiny=options.tiny)
    for part in PARTS:
        if part.number in options.parts:
            print(f"{part.number}. {part.name}", flush=True)
            results.begin(part)
            for rows in runner.run(part):
                results.add(rows, PARTS)
                print(f"   {rows[0]['process']}: {rows[0]['process_s']} s" if rows else "", flush=True)
    print(results.text(PARTS))
    print(f"wrote {results.json}")


def describe_card(tiny: bool) -> dict:
    """See card.py; a process of its own, since a process that has used the card keeps some of its memory."""
    command = [sys.executable, "-m", "benchmarks.gpu.card", str((TINY if tiny else FULL).matrix)]
    return json.loads(subprocess.run(command, cwd=PACK, stdout=subprocess.PIPE, text=True, check=True).stdout)


def write_weights(work: Path, tiny: bool) -> None:
    """Writes random weights into ComfyUI's base directory, once."""
    done = work / "weights_are_whole"
    if done.is_file():
        return
    print("random weights", flush=True)
    (work / "comfyui" / "custom_nodes").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "magicanimate_core.testing.random_weights", str(work / "comfyui" / "models")]
    subprocess.run([*command, *(["--tiny"] if tiny else [])], cwd=PACK, check=True)
    done.touch()


if __name__ == "__main__":
    main()
