"""A page: one HTML file that needs no other, and that a browser lets load nothing."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from psgpipe.reports.rendering import FOLDER, render

STYLE = "page.css"


def page(
    template: str,
    title: str,
    script: str | None = None,
    styles: Sequence[str] = (),
    **values: Any,
) -> bytes:
    """The page of a template that extends ``page.html``.

    Parameters
    ----------
    title
        Of the browser's window.
    script
        The file of its JavaScript in ``templates``; the page says the same without it.
    styles
        Files with further rules of style.
    """
    from markupsafe import Markup

    rules = "".join(map(_file, (STYLE, *styles)))
    code = _file(script) if script else ""
    html = render(
        template,
        title=title,
        policy=policy(rules, code),
        style=Markup(rules),  # noqa: S704  # files of this package
        script=Markup(code),  # noqa: S704
        **values,
    )
    return html.encode("utf-8")


def policy(style: str, code: str) -> str:
    """The content-security policy: this style, this script and images inside the page, no more."""
    allowed = [
        "default-src 'none'",
        "img-src data:",
        f"style-src '{_hash(style)}'",
        *([f"script-src '{_hash(code)}'"] if code else []),
        "base-uri 'none'",
        "form-action 'none'",
    ]
    return "; ".join(allowed)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return "sha256-" + base64.b64encode(digest).decode("ascii")


def _file(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")
