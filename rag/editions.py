"""Editions: the shipped corpus with approved edits, as a folder that every reader of a corpus can read.

`var/editions/<number>/` holds real copies of what an index is made from, the edited files in place of the shipped ones,
links to all else of the shipped corpus, and edition.json. It is made aside, checked and renamed: a kill leaves no half
edition, and the shipped folder is never written to. Without an approved edit there is no edition: the shipped corpus
serves. Which edition is in use is told by the index generation in use, and noted in `var/editions/current` for the day
on which the index is lost. Who may edit, and who approved, is not known here.
"""

import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import TypeAdapter

from rag.corpus import check_corpus, shelf_problems
from rag.disk import exclusive, replace_text, settle
from rag.documents.library import Library
from rag.errors import CorpusError, IndexStateError
from rag.index import INDEXED, corpus_digest, current_generation, generations, indexed_files, read_manifest
from rag.settings import Settings

_EDITABLE = re.compile(r"guides/[a-z0-9-]{1,60}/[a-z0-9-]{1,100}\.md|(?:facts|documents)/[a-z0-9-]{1,100}\.yaml")
_RECORD = "edition.json"
# An edition is made before its generation is built, which takes minutes at most; until then no generation names it.
_UNNAMED_FOR_S = 3600


@dataclass(frozen=True, slots=True)
class Edit:
    """An approved change of one file.

    `path` is in the corpus ("guides/vneid/x.md", "facts/x.yaml"), `base` the sha256 of the shipped file that it was
    written against ("" when there was none), `change` the approved change's id.
    """

    path: str
    base: str
    change: str


@dataclass(frozen=True, slots=True)
class EditedFile:
    """A file's whole new text, with `base` and `change` as in `Edit`."""

    text: str
    base: str
    change: str


@dataclass(frozen=True, slots=True)
class Edition:
    """What an edition was made from: the shipped corpus's digest, the edits in it, and those that no longer fit it."""

    shipped: str
    edits: tuple[Edit, ...]
    left_out: tuple[Edit, ...]


_EDITION = TypeAdapter(Edition)
_Files = dict[str, EditedFile]


def edition_in_use(settings: Settings) -> str:
    """Return the name of the edition that answers are made from; "" for the shipped corpus."""
    try:
        return read_manifest(current_generation(settings.index_folder)).edition
    except IndexStateError:
        note = _note(settings)
        return note.read_text(encoding="utf-8").strip() if note.exists() else ""


def edition_folder(settings: Settings, edition: str) -> Path:
    """Return the folder of an edition, or of the shipped corpus for ""."""
    return _editions(settings) / edition if edition else settings.corpus


def corpus_in_use(settings: Settings) -> Path:
    """Return the folder of the corpus that answers are made from."""
    return edition_folder(settings, edition_in_use(settings))


def file_digest(corpus: Path, path: str) -> str:
    """Return the sha256 of a file of a corpus, "" when there is none: the `base` of an edit that is written now."""
    file = corpus / path
    return sha256(file.read_bytes()).hexdigest() if file.is_file() else ""


def load_edition(folder: Path) -> Edition:
    """Read what an edition was made from. Raises CorpusError."""
    try:
        return _EDITION.validate_json((folder / _RECORD).read_bytes())
    except (OSError, ValueError) as error:
        raise CorpusError(f"{folder / _RECORD}:1: cannot be read: {error}") from error


def conflicts(settings: Settings) -> list[Edit]:
    """Return the approved edits that the edition in use leaves out, as the program's update changed what they changed.

    One is gone from here once its file is edited again; the shipped text counts as an edit.
    """
    edition = edition_in_use(settings)
    return list(load_edition(edition_folder(settings, edition)).left_out) if edition else []


def problems_of(settings: Settings, texts: Mapping[str, str]) -> list[str]:
    """Return what the corpus in use would have wrong, `path:line: message`, if these texts stood in it; nothing is kept.

    Only the shelf, the guides among them, and those that cover a sheet among them, are checked; `make_edition` checks everything.
    """
    corpus = corpus_in_use(settings).resolve()
    with TemporaryDirectory() as kept:
        folder = Path(kept)
        for entry in corpus.iterdir():
            if entry.name not in INDEXED:
                (folder / entry.name).symlink_to(entry)
        for path in indexed_files(corpus):
            _place(folder / path.relative_to(corpus), path.read_bytes())
        for path, text in texts.items():
            if text:
                _place(folder / path, text.encode())
            else:
                (folder / path).unlink(missing_ok=True)
        library = Library(settings.documents_folder)
        found = shelf_problems(folder, library)
        found += [problem for guide in _touched(folder, texts) for problem in check_corpus(folder, guide).problems]
        return [problem.replace(f"{folder}/", "") for problem in dict.fromkeys(found)]


def make_edition(settings: Settings, edits: Mapping[str, EditedFile]) -> Path:
    """Make an edition of the edits in use and the new ones, by path; return its folder. Nothing else changes yet.

    A later edit of a file replaces the earlier one; the shipped text takes it back, no text a file that is not shipped. Raises CorpusError with one
    `path:line: …` row a problem (paths in the corpus) when a path cannot be edited, when the shipped file is no longer
    the one that an edit was written against, or when the corpus would not be clean.
    """
    refused = [
        f"{path}:1: only guides/<topic>/<id>.md and facts/<id>.yaml can be edited"
        for path in edits
        if not _EDITABLE.fullmatch(path)
    ] or [
        f"{path}:1: the shipped file has changed since this was written; write it again from the new one"
        for path, file in edits.items()
        if file.base != file_digest(settings.corpus, path)
    ]
    if refused:
        raise CorpusError("\n".join(refused))
    with _maker(settings):
        files, left_out = _standing(settings, edition_in_use(settings))
        files = {path: file for path, file in {**files, **edits}.items() if _digest(file.text) != file.base}
        making = _write(settings, files, tuple(edit for edit in left_out if edit.path not in edits))
        if problems := _problems(making, settings):
            raise CorpusError("\n".join(problems))
        return _finish(making)


def renew_edition(settings: Settings, progress: Callable[[str], None] = lambda _: None) -> str:
    """Return the name of the edition that an index of today must be built from, made anew after a program's update.

    It is the one in use as long as that fits the shipped corpus. A new one has those edits whose shipped file is as it
    was and which leave the corpus clean; `progress` and `conflicts` name the others. A change stands or falls whole.
    """
    name = edition_in_use(settings)
    if not name:
        return ""
    try:
        if _fits(settings, name):
            return name
        with _maker(settings):
            progress("the shipped guides have changed; putting the approved edits into them")
            files, left_out = _fitting(settings, *_standing(settings, name))
            folder = _finish(_write(settings, files, left_out))
    except CorpusError as error:
        progress(f"{error}; the shipped guides are used without edits")
        return ""
    for edit in left_out:
        progress(f"{edit.path}: change {edit.change} is left out, it no longer fits the shipped guides")
    return folder.name


def keep_editions(settings: Settings) -> None:
    """Note the edition in use beside the editions, and delete those that no generation names any more."""
    if not _editions(settings).exists():
        return
    with _maker(settings):
        in_use = edition_in_use(settings)
        replace_text(_note(settings), f"{in_use}\n")
        named = {in_use, *(info.edition for info in generations(settings.index_folder))}
        for folder in _numbered(_editions(settings)):
            if folder.name not in named and time.time() - folder.stat().st_mtime > _UNNAMED_FOR_S:
                shutil.rmtree(folder.rename(folder.with_suffix(".dropped")), ignore_errors=True)


@contextmanager
def _maker(settings: Settings) -> Iterator[None]:
    """Be the only one to make or delete editions; what stays half made, or half deleted by a kill, is cleared away."""
    folder = _editions(settings)
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder / "lock"):
        try:
            yield
        finally:
            for leftover in (*folder.glob("*.making"), *folder.glob("*.dropped")):
                shutil.rmtree(leftover, ignore_errors=True)


def _standing(settings: Settings, name: str) -> tuple[_Files, tuple[Edit, ...]]:
    """Return the edits of an edition whose changes touch no shipped file that has changed since, and the others."""
    if not name:
        return {}, ()
    folder = edition_folder(settings, name)
    edition = load_edition(folder)
    overtaken = {edit.change for edit in edition.edits if edit.base != file_digest(settings.corpus, edit.path)}
    try:
        files = {
            edit.path: EditedFile((folder / edit.path).read_bytes().decode(), edit.base, edit.change)
            for edit in edition.edits
            if edit.change not in overtaken
        }
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{folder}:1: cannot be read: {error}") from error
    return files, (*edition.left_out, *(edit for edit in edition.edits if edit.change in overtaken))


def _fitting(settings: Settings, files: _Files, left_out: tuple[Edit, ...]) -> tuple[_Files, tuple[Edit, ...]]:
    """Return the edits that bring no problem into the shipped corpus, and all that are left out.

    When they do not fit all together, the changes are tried one after another, in the order in which they were made.
    """
    if not files:
        return files, left_out
    before = set(_problems(settings.corpus, settings))

    def fit(trial: _Files) -> bool:
        return set(_problems(_write(settings, trial, left_out), settings)) <= before

    if fit(files):
        return files, left_out
    kept: _Files = {}
    for change in dict.fromkeys(file.change for file in files.values()):
        trial = {path: file for path, file in files.items() if path in kept or file.change == change}
        kept = trial if fit(trial) else kept
    return kept, (*left_out, *(_edit(path, file) for path, file in files.items() if path not in kept))


def _write(settings: Settings, files: _Files, left_out: tuple[Edit, ...]) -> Path:
    """Write an edition aside, in place of what was being made before."""
    corpus, making = settings.corpus.resolve(), _editions(settings) / "next.making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    for entry in corpus.iterdir():
        if entry.name not in INDEXED:
            (making / entry.name).symlink_to(entry)
    for path in indexed_files(corpus):
        _place(making / path.relative_to(corpus), path.read_bytes())
    for path, file in files.items():
        _place(making / path, file.text.encode())
    edition = Edition(corpus_digest(corpus), tuple(_edit(path, file) for path, file in files.items()), left_out)
    (making / _RECORD).write_bytes(_EDITION.dump_json(edition, indent=1))
    return making


def _finish(making: Path) -> Path:
    numbers = [int(folder.name) for folder in _numbered(making.parent)]
    final = making.with_name(f"{max(numbers, default=0) + 1:06}")
    settle(making, final)
    return final


def _place(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _touched(folder: Path, paths: Collection[str]) -> list[str]:
    """Return the guides at these paths, and those that cover a sheet at one of them."""
    sheets = {Path(path).stem for path in paths if path.startswith("facts/")}
    covers = [re.compile(rf"(?m)^covers: .*(?<![a-z0-9-]){re.escape(sheet)}(?![a-z0-9-])") for sheet in sheets]
    return [
        path.stem
        for path in sorted((folder / "guides").glob("*/*.md"))
        if path.relative_to(folder).as_posix() in paths
        or any(cover.search(path.read_text(encoding="utf-8")) for cover in covers)
    ]


def _problems(folder: Path, settings: Settings) -> list[str]:
    """Return what is wrong with a corpus, with paths inside it."""
    library = Library(settings.documents_folder)
    return [problem.replace(f"{folder}/", "") for problem in check_corpus(folder, library=library).problems]


def _fits(settings: Settings, name: str) -> bool:
    """Tell whether an edition was made from the shipped corpus as it is, and leads to all else of it."""
    folder, corpus = edition_folder(settings, name), settings.corpus.resolve()
    others = [entry for entry in corpus.iterdir() if entry.name not in INDEXED]
    linked = all((folder / entry.name).resolve() == entry.resolve() for entry in others)
    return load_edition(folder).shipped == corpus_digest(corpus) and linked


def _edit(path: str, file: EditedFile) -> Edit:
    return Edit(path, file.base, file.change)


def _digest(text: str) -> str:
    """Return the sha256 of a file's new text; "" for no text, which takes a file away that is not shipped."""
    return sha256(text.encode()).hexdigest() if text else ""


def _editions(settings: Settings) -> Path:
    return settings.home / "editions"


def _note(settings: Settings) -> Path:
    return _editions(settings) / "current"


def _numbered(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.isdigit()]
