"""XML files of other programs, read without entities, external parts and more than 50 MB."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError

from psgpipe.errors import ScoringInvalid
from psgpipe.files.regular import file_name
from psgpipe.scorings.sources.text_source import head_text, read_content

_NAME = re.compile(r"<([\w:.-]+)")
_BEFORE_ROOT = (("<?", "?>"), ("<!--", "-->"), ("<!DOCTYPE", ">"))


def root_name(head: bytes) -> str | None:
    """The name of the first element in the first bytes of a file; None where it is no XML."""
    rest = (head_text(head) or "").lstrip()
    while rest:
        begin_end = next((pair for pair in _BEFORE_ROOT if rest.startswith(pair[0])), None)
        if begin_end is None:
            match = _NAME.match(rest)
            return match[1].rpartition(":")[2] if match else None
        place = rest.find(begin_end[1])
        subset = rest.find("[")
        if begin_end[0] == "<!DOCTYPE" and 0 <= subset < place:  # declarations in brackets
            place = rest.find(">", rest.find("]"))
        rest = rest[place + len(begin_end[1]) :].lstrip() if place >= 0 else ""
    return None


def read_xml(path: Path) -> Element:
    """The root of an XML file, names without their name space.

    Raises
    ------
    psgpipe.errors.ScoringInvalid
        The file is too large, is damaged (with the line), or declares entities.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    content = read_content(path)
    try:
        root: Element = fromstring(content)
    except ParseError as error:
        line, column = error.position
        raise ScoringInvalid(
            f"{file_name(path)}: damaged XML (line {line}, column {column + 1})",
            "Export the scoring again; the file may be cut.",
        ) from error
    except DefusedXmlException as error:
        raise ScoringInvalid(
            f"{file_name(path)}: the XML declares entities or external files, which psgpipe does "
            "not follow",
            "Export the scoring without a DOCTYPE.",
        ) from error
    except (ValueError, LookupError) as error:  # an encoding that there is not
        raise ScoringInvalid(
            f"{file_name(path)}: the XML is in an unknown encoding", "Export the scoring as UTF-8."
        ) from error
    for element in root.iter():
        if isinstance(element.tag, str):
            element.tag = element.tag.rpartition("}")[2]
    return root


def text_of(element: Element, *names: str) -> str:
    """The text of the first child with one of these names; empty where there is none."""
    child = next((c for c in element if c.tag in names), None)
    return "" if child is None or child.text is None else child.text.strip()


def descendants(root: Element, name: str) -> Iterator[Element]:
    """Every element of this name below the root."""
    return root.iter(name)


def numbered(elements: Iterable[Element]) -> Iterator[tuple[int, Element]]:
    """The elements with their numbers from 1, for messages."""
    return enumerate(elements, start=1)
