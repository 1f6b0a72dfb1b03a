"""Prompts: `prompts/<name>.md`, a front matter (version, placeholders) and a text with {placeholders}. Reads files only."""

import re
from dataclasses import dataclass
from hashlib import sha256

import yaml

from rag.errors import PromptError
from rag.settings import PROJECT

_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt's text with its version; `digest` identifies it in the records of a run."""

    name: str
    version: int
    text: str
    digest: str

    def fill(self, **values: str) -> str:
        """Return the text with every placeholder replaced; braces inside the values stay as they are."""
        return _PLACEHOLDER.sub(lambda match: values[match.group(1)], self.text)


def load_prompt(name: str) -> Prompt:
    """Read a prompt. Raises PromptError when its placeholders are not those it declares."""
    path = PROJECT / "prompts" / f"{name}.md"
    try:
        _, head, text = path.read_text(encoding="utf-8").split("---\n", 2)
        front = yaml.load(head, Loader=yaml.CSafeLoader)
        version, declared = int(front["version"]), set(front["placeholders"])
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise PromptError(f"{path}:1: expected a front matter with version and placeholders, then the text") from error
    used = set(_PLACEHOLDER.findall(text))
    if used != declared:
        raise PromptError(f"{path}:1: placeholders are {sorted(used)}, but {sorted(declared)} are declared")
    return Prompt(name, version, text.strip(), sha256(text.encode()).hexdigest()[:12])
