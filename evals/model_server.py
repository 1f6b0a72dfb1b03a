"""A real language model on this machine: llama.cpp's server of OpenAI's protocol, from the environment that `make models` makes.

Used by the tests marked `model` and by `make bench-model`; the program itself never starts one.
"""

import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from rag.errors import ModelError
from rag.settings import PROJECT

ENVIRONMENT = PROJECT / ".venv-model"
SMALL, LARGE = ENVIRONMENT / "smollm2-135m.gguf", ENVIRONMENT / "qwen2.5-1.5b.gguf"
_READY_S = 60


class LlamaServer:
    """A server with one model, ready when made; `close` ends it at once, as a crash would."""

    def __init__(self, model: Path, threads: int = 2) -> None:
        """Start it. Raises ModelError when it is not installed or does not come up."""
        python = ENVIRONMENT / "bin" / "python"
        if not (python.exists() and model.exists()):
            raise ModelError(f"{model.name} is not there; run: make models")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}/v1"
        self._process = subprocess.Popen(
            [
                str(python), "-m", "llama_cpp.server", "--model", str(model), "--host", "127.0.0.1", "--port", str(port),
                "--n_ctx", "4096", "--n_threads", str(threads), "--n_threads_batch", str(threads), "--verbose", "False",
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/models", timeout=2):
                    return
            except OSError:
                time.sleep(0.2)
        self.close()
        raise ModelError(f"llama.cpp's server did not come up in {_READY_S} s")

    def close(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
