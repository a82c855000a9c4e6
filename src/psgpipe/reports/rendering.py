"""The templates of pages and pictures, with every value escaped."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psgpipe.reports.colours import COLOURS
from psgpipe.reports.shown_text import LONGEST_ID, shown_text
from psgpipe.reports.svg_path import px

if TYPE_CHECKING:
    from jinja2 import Environment

FOLDER = Path(__file__).with_name("templates")
NOT_KNOWN = "–"


def render(template: str, **values: Any) -> str:
    """A template of the folder ``templates`` with these values.

    Every text is escaped, is on one line and has no character without a shape; a value that is
    None is shown as a dash. A missing value is an error.
    """
    return environment().get_template(template).render(**values)


@cache
def environment() -> Environment:
    """The environment of all templates."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    made.globals["colours"] = COLOURS
    made.filters["short_id"] = partial(shown_text, longest=LONGEST_ID)
    made.filters["plus"] = _plus
    return made


def _shown(value: Any) -> Any:
    if value is None:
        return NOT_KNOWN
    # Markup is a str that templates made; its text was shown before.
    is_text = isinstance(value, str) and not hasattr(value, "__html__")
    return shown_text(value) if is_text else value


def _plus(coordinate: str, pixels: float) -> str:
    """The filter ``plus``: a coordinate moved by some pixels."""
    return px(float(coordinate) + pixels)
