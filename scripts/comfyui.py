"""Find a ComfyUI, and run one as a server for a while. Standard library only."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

PACK = Path(__file__).resolve().parent.parent


def find_comfyui() -> Path | None:
    """COMFYUI_PATH, else the ComfyUI whose custom_nodes holds this pack, else ~/comfy/ComfyUI."""
    candidates = [Path(os.environ["COMFYUI_PATH"])] if os.environ.get("COMFYUI_PATH") else []
    candidates += [PACK.parent.parent] if PACK.parent.name == "custom_nodes" else []
    candidates += [Path.home() / "comfy" / "ComfyUI"]
    return next((path for path in candidates if (path / "folder_paths.py").is_file()), None)


class Server:
    """`with Server(comfyui, base) as server:` runs ComfyUI on the CPU with this pack, its data under `base`."""

    def __init__(
        self, comfyui: Path, base: Path, *arguments: str, packs: tuple[Path, ...] = (PACK,), python: str = sys.executable
    ):
        self.comfyui, self.base, self.python = comfyui, base, python
        self.log = base / "server.log"
        self.arguments = arguments or ("--cpu",)
        for folder in ("custom_nodes", "models", "input", "output"):
            (base / folder).mkdir(parents=True, exist_ok=True)
        for pack in packs:
            link = base / "custom_nodes" / pack.name
            if not link.exists():
                link.symlink_to(pack, target_is_directory=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Server":
        command = [self.python, str(self.comfyui / "main.py"), *self.arguments]
        command += ["--base-directory", str(self.base), "--listen", "127.0.0.1", "--port", str(self.port)]
        command += ["--database-url", "sqlite:///:memory:", "--disable-auto-launch", "--disable-api-nodes"]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        for _ in range(600):
            if self.process.poll() is not None:
                raise RuntimeError(f"ComfyUI did not start:\n{self.tail()}")
            try:
                self.get("/system_stats")
                return self
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.5)
        raise RuntimeError(f"ComfyUI did not answer within 5 minutes:\n{self.tail()}")

    def __exit__(self, *_) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def peak_memory(self) -> int:
        """Bytes of resident memory at the highest (0 where the system does not tell)."""
        status = Path(f"/proc/{self.process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def get(self, path: str):
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            return json.load(answer)

    def post(self, path: str, body: dict):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode(errors="replace")) from error

    def run(self, workflow: dict, limit_s: float = 3600) -> dict:
        """Queue an API-format workflow and wait for it. Returns its history entry; raises with the node's message."""
        prompt_id = str(uuid.uuid4())
        self.post("/prompt", {"prompt": workflow, "prompt_id": prompt_id, "client_id": "magicanimate"})
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            history = self.get(f"/history/{prompt_id}").get(prompt_id)
            if history and history["status"]["completed"]:
                return history
            if history:
                errors = [m[1] for m in history["status"]["messages"] if m[0] == "execution_error"]
                raise RuntimeError(errors[0]["exception_message"] if errors else "interrupted")
            if self.process.poll() is not None:
                raise RuntimeError(f"ComfyUI ended while it worked:\n{self.tail()}")
            time.sleep(0.3)
        raise TimeoutError(f"The workflow took longer than {limit_s} s:\n{self.tail()}")

    def files(self, history: dict) -> list[Path]:
        """Paths of the files that a finished workflow saved."""
        found = []
        for output in history["outputs"].values():
            for entry in (e for value in output.values() if isinstance(value, list) for e in value if isinstance(e, dict)):
                if entry.get("type") == "output":
                    found.append(self.base / "output" / entry.get("subfolder", "") / entry["filename"])
        return found
