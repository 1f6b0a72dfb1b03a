"""The installation's own secret: one random key in a file that only its owner may read. What it signs is worthless elsewhere."""

import hmac
import os
import secrets
import tempfile
from hashlib import sha256
from pathlib import Path

from rag.errors import SettingsError

KEY_BYTES = 32
_NAME = "secret.key"


def secret_key(home: Path) -> bytes:
    """Return the key in `home/secret.key` (mode 0600), made on first use; of several that make it at once, one wins.

    Raises SettingsError when the file cannot be made or is no key.
    """
    path = home / _NAME
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
    except OSError as error:
        raise SettingsError(f"cannot use {path}: {error.strerror}; set BINHDAN_HOME") from error
    if len(key) != KEY_BYTES:
        raise SettingsError(
            f"{path} has {len(key)} bytes, expected {KEY_BYTES}; restore it, or delete it to void old codes"
        )
    return key


def keyed_digest(key: bytes, text: str) -> str:
    """Return the HMAC-SHA256 of a text, 64 hexadecimal digits: without the key nobody can try texts against it."""
    return hmac.new(key, text.encode(), sha256).hexdigest()


def _make(path: Path) -> None:
    """Write a whole key beside its place, then give it its name unless another process was first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, made = tempfile.mkstemp(dir=path.parent)  # of mode 0600 from the start
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        os.link(made, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(made)
