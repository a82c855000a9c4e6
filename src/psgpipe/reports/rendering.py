"""The templates of pages and pictures, with every value escaped."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psgpipe.reports.colours import COLOURS
from psgpipe.reports.shown_text import LONGEST_ID, shown_text
from psgpipe.reports.svg_path import px

if TYPE_CHECKING:
    from jinja2 import BytecodeCache, Environment
    from jinja2.bccache import Bucket

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
        bytecode_cache=_compiled_templates(),
    )
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    made.globals["colours"] = COLOURS
    made.filters["short_id"] = partial(shown_text, longest=LONGEST_ID)
    made.filters["plus"] = _plus
    return made


def _compiled_templates() -> BytecodeCache:
    """The code of templates that were compiled before: to compile one takes longer than to fill it.

    It depends on the template, on jinja2, and on the environment that this module makes.
    """
    from jinja2 import BytecodeCache
    from jinja2.bccache import bc_magic

    from psgpipe.files.byte_code import keep_code, read_code
    from psgpipe.files.hashing import sha256_of_bytes

    environment_sha256 = sha256_of_bytes(Path(__file__).read_bytes())

    class CompiledTemplates(BytecodeCache):
        def get_cache_key(self, name: str, filename: str | None = None) -> str:
            return name

        def load_bytecode(self, bucket: Bucket) -> None:
            bucket.code = read_code(FOLDER / bucket.key, self._depends_on(bucket))

        def dump_bytecode(self, bucket: Bucket) -> None:
            if bucket.code is not None:
                keep_code(FOLDER / bucket.key, self._depends_on(bucket), bucket.code)

        def _depends_on(self, bucket: Bucket) -> str:
            return f"{bucket.checksum} {bc_magic!r} {environment_sha256}"

    return CompiledTemplates()


def _shown(value: Any) -> Any:
    if value is None:
        return NOT_KNOWN
    # Markup is a str that templates made; its text was shown before.
    is_text = isinstance(value, str) and not hasattr(value, "__html__")
    return shown_text(value) if is_text else value


def _plus(coordinate: str, pixels: float) -> str:
    """The filter ``plus``: a coordinate moved by some pixels."""
    return px(float(coordinate) + pixels)
