"""A picture that a notebook shows and that can be saved as SVG or PNG."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from psgpipe.errors import UsageError
from psgpipe.files.atomic import output_errors, write_file
from psgpipe.files.regular import file_name
from psgpipe.reports.png import png_of

PNG_WIDTH = 1200


@dataclass(frozen=True)
class Picture:
    """A picture, as the files of psgpipe have it.

    Attributes
    ----------
    svg
        The document.
    """

    svg: str

    @property
    def png(self) -> bytes:
        """The same as PNG, 1200 pixels wide."""
        return png_of(self.svg, PNG_WIDTH)

    def save(self, path: str | Path) -> Path:
        """Write the picture; the end of the name, ``.svg`` or ``.png``, decides the format.

        Raises
        ------
        psgpipe.errors.UsageError
            The name has another end.
        """
        target = Path(path)
        suffix = target.suffix.lower()
        if suffix not in (".svg", ".png"):
            raise UsageError(
                f"{file_name(target)}: a name that ends with .svg or .png was wanted",
                "Other formats: convert the SVG.",
            )
        content = self.svg.encode("utf-8") if suffix == ".svg" else self.png
        with output_errors(target):
            write_file(target, content)
        return target

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"<Picture: SVG of {len(self.svg)} characters; save(path) writes SVG or PNG>"
