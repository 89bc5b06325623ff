"""When a plan moves: other documents follow it, and its own relative links keep their targets."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote, unquote

from bot.plans.document import Document, read_document
from bot.plans.edit import Splice, splice
from bot.plans.links import Reference, document_references
from bot.plans.repository_paths import (
    folder_of,
    in_the_form_of,
    is_local,
    quote_path,
    resolve,
    split_anchor,
)

_ENCODED_LETTER: Final = re.compile(r"%[89A-Fa-f][0-9A-Fa-f]")
_UNSAFE: Final = re.compile(r"[\s()<>\\|]")
_SCOPE_SECTIONS: Final = ("file scope contract", "file scope", "scope contract", "include", "exclude")
_SCOPE_FIELDS: Final = ("include", "exclude")


def retarget(text: str, document_path: str, old_path: str, new_path: str) -> str:
    """Return the document with its references to `old_path` pointing to `new_path`; all paths are repository paths.

    Follows link targets and reference definitions (relative or from the root, anchors kept), code spans that hold the
    path and nothing else, and the full path as a word of running text or front matter. Code blocks, HTML blocks, images
    and scope patterns stay: a pattern is a rule, and changing it would change another plan's contract.
    """
    if old_path == new_path or not _may_mention(text, old_path):
        return text
    document = read_document(text)
    folder = folder_of(document_path)
    scopes = _scope_lines(document)
    splices: list[Splice] = []
    taken: list[tuple[int, int]] = []
    for reference in document_references(document):
        taken.append(_not_running_text(reference))
        is_pattern = reference.kind == "code" and document.line_of(reference.start) in scopes
        written = None if is_pattern else _retargeted(text, reference, folder, old_path, new_path)
        if written is not None:
            splices.append(Splice(reference.start, reference.end, written))
    splices += _bare_mentions(document, scopes, taken, old_path, new_path)
    return splice(text, splices)


def rebase_links(text: str, old_path: str, new_path: str) -> str:
    """Return the moved document with its relative links and images pointing to what they pointed to before the move.

    Give it the text as it stood at `old_path`: what a relative link means depends on the folder it is read in.
    """
    old_folder, new_folder = folder_of(old_path), folder_of(new_path)
    if old_path == new_path:
        return text
    root = old_path.split("/", 1)[0] + "/" if "/" in old_path else None

    def rebased(path: str) -> str | None:
        # `docs/x.md` in a document below docs/ is meant from the root, though GitHub would not find it.
        if path.startswith("/") or (root is not None and path.startswith(root)):
            return None
        target = resolve(path, old_folder)
        if target is None:
            return None
        moved = in_the_form_of(path, new_path if target == old_path else target, new_folder)
        return f"{moved}/" if path.endswith("/") else moved

    splices = []
    for reference in document_references(read_document(text)):
        if reference.kind in ("link", "image", "definition") and is_local(reference.destination):
            written = _rewritten(text[reference.start : reference.end], reference.destination, rebased)
            if written is not None:
                splices.append(Splice(reference.start, reference.end, written))
    return splice(text, splices)


def _may_mention(text: str, path: str) -> bool:
    """Say whether the file's name can occur, plainly or in an encoded form, before anything is parsed."""
    return posixpath.basename(path) in text or any(sign in text for sign in "%&\\")


def _not_running_text(reference: Reference) -> tuple[int, int]:
    """The part of a reference that is not words: a link's label is, its destination is not."""
    if reference.kind in ("link", "image"):
        return reference.start, reference.last
    return reference.first, reference.last


def _scope_lines(document: Document) -> frozenset[int]:
    spans = [section.body for section in document.sections_named(*_SCOPE_SECTIONS)]
    spans += [field.span for field in document.fields_named(document.all, *_SCOPE_FIELDS)]
    return frozenset(line for span in spans for line in range(span.start, span.end))


def _retargeted(text: str, reference: Reference, folder: str, old_path: str, new_path: str) -> str | None:
    def followed(path: str) -> str | None:
        target = resolve(path, folder)
        if new_path in (target, path):
            return None  # it points there already, read either way
        if path == old_path:
            return new_path
        return in_the_form_of(path, new_path, folder) if target == old_path else None

    written = text[reference.start : reference.end]
    match reference.kind:
        case "link" | "definition" if is_local(reference.destination):
            return _rewritten(written, reference.destination, followed)
        case "code":
            path, anchor = split_anchor(reference.destination)
            moved = followed(path)
            if moved is None:
                return None
            # In a table cell a pipe is written with a backslash, in code spans too.
            return (moved.replace("|", "\\|") if "\\|" in written else moved) + anchor
        case _:
            return None


def _rewritten(written: str, destination: str, move: Callable[[str], str | None]) -> str | None:
    """Write a link destination anew, keeping its anchor and the spelling of its file name.

    `written` is what the file holds, `destination` the same without Markdown's escapes. None: leave it.
    """
    path, anchor = split_anchor(destination)
    moved = move(unquote(path))
    if moved is None or moved == unquote(path):
        return None
    head, name = posixpath.split(moved)
    if "\\" in written or "&" in written or posixpath.basename(unquote(path)) != name:
        spelled = quote_path(name)
        anchor = _UNSAFE.sub(lambda found: quote(found.group()), anchor)
    else:
        spelled = posixpath.basename(split_anchor(written)[0])
    front = quote_path(head, whole=_ENCODED_LETTER.search(path) is not None)
    separator = "" if not head or head.endswith("/") else "/"
    return f"{front}{separator}{spelled}{anchor}"


def _bare_mentions(
    document: Document, scopes: frozenset[int], taken: list[tuple[int, int]], old_path: str, new_path: str
) -> Iterator[Splice]:
    """The old path as a whole word, where it is spelled out from the repository's root."""
    if "/" not in old_path or old_path not in document.text:
        return
    word = re.compile(rf"(?<![\w./\\~%+@:-]){re.escape(old_path)}(?![A-Za-z0-9_/\\~%+-]|\.[A-Za-z0-9_])")
    busy = sorted(taken)
    index = 0
    running = _running_lines(document)
    for found in word.finditer(document.text):
        while index < len(busy) and busy[index][1] <= found.start():
            index += 1
        is_taken = index < len(busy) and busy[index][0] < found.end()
        line = document.line_of(found.start())
        if not is_taken and line in running and line not in scopes:
            yield Splice(found.start(), found.end(), new_path)


def _running_lines(document: Document) -> frozenset[int]:
    """The lines that hold running text or front matter."""
    texts = document.texts_in(document.all)
    lines = {line for text in texts for line in range(text.line, text.line + len(text.starts))}
    if document.front_matter is not None:
        lines.update(range(document.front_matter.span.start, document.front_matter.span.end))
    return frozenset(lines)
