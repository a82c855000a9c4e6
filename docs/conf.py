"""Settings of the documentation site: ``make docs`` builds it in build/site.

The pages are MyST Markdown and can be read on a forge, too. The API reference comes from the
docstrings. Types of other projects are links: the inventories folder lists the pages of the few
that psgpipe's functions name, so that the site is built without network.
"""

import re
from pathlib import Path
from typing import Any

import click

import psgpipe
from psgpipe.cli.app import COMMANDS
from psgpipe.cli.app import psgpipe as program

project = "psgpipe"
author = "the psgpipe developers"
copyright = "the psgpipe developers, BSD-3-Clause"
release = version = psgpipe.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
]
source_suffix = {".md": "markdown"}
suppress_warnings: list[str] = []

# Links such as findings.md#spectra-and-events lead to headings, spelled as forges spell them.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

default_role = "py:obj"
autodoc_typehints = "signature"
autodoc_class_signature = "separated"
autodoc_default_options = {"exclude-members": "__init__, __new__"}  # psgpipe makes the values
add_module_names = False
toc_object_entries = False  # the side bar holds pages
autodoc_member_order = "bysource"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True  # attributes stand in the list of their class once

INVENTORIES = Path(__file__).with_name("inventories")
intersphinx_mapping = {
    "python": ("https://docs.python.org/3/", str(INVENTORIES / "python.inv")),
    "numpy": ("https://numpy.org/doc/stable/", str(INVENTORIES / "numpy.inv")),
    "pandas": ("https://pandas.pydata.org/docs/", str(INVENTORIES / "pandas.inv")),
    "mne": ("https://mne.tools/stable/", str(INVENTORIES / "mne.inv")),
    "yasa": ("https://yasa-sleep.org/", str(INVENTORIES / "yasa.inv")),
}

html_theme = "alabaster"
html_title = f"psgpipe {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {
    "description": "From EDF sleep recordings to stages, endpoints and treatment against baseline",
    "page_width": "1180px",
    "sidebar_width": "260px",
    "fixed_sidebar": True,
    "font_family": "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif",
    "head_font_family": "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif",
    "code_font_family": "ui-monospace, 'DejaVu Sans Mono', Consolas, monospace",
    "show_powered_by": False,
}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}

# Names in signatures as a reader knows them: (pattern, name).
_READABLE = (
    (r"ndarray\[tuple\[Any, \.\.\.\], dtype\[(?:\w+\.)*(\w+?)_?\]\]", r"numpy.ndarray[\1]"),
    (r"\bnpt\.NDArray\[np\.(\w+?)_?\]", r"numpy.ndarray[\1]"),
    (r"\bnpt\.", "numpy.typing."),
    (r"\bpd\.", "pandas."),
    (r"\bdt\.", "datetime."),
    (r"(?<![\w.])Path\b", "pathlib.Path"),
)


def _readable(text: str | None) -> str | None:
    for pattern, name in _READABLE if text else ():
        text = re.sub(pattern, name, text)
    return text


def _signature(*given: Any) -> tuple[str | None, str | None]:
    *_, arguments, returned = given
    return _readable(arguments), _readable(returned)


# `make linkcheck` asks the network for every external link; CI does not.
linkcheck_timeout = 20
linkcheck_retries = 2


def help_of_commands() -> str:
    """The help of every command as Markdown, a heading for each."""
    parent = click.Context(program, info_name="psgpipe", max_content_width=100, terminal_width=100)
    found = {name: program.get_command(parent, name) for name in COMMANDS}
    texts = {
        name: command.get_help(click.Context(command, info_name=name, parent=parent))
        for name, command in found.items()
        if command is not None
    }
    return "\n".join(f"## psgpipe {name}\n\n```text\n{text}\n```\n" for name, text in texts.items())


def fill_in_help(_: Any, page: str, source: list[str]) -> None:
    """Put the help of every command into its page."""
    if page == "reference/commands":
        source[0] = source[0].replace("<!-- the help of every command -->", help_of_commands())


def setup(app: Any) -> None:
    """Called by Sphinx."""
    app.connect("autodoc-process-signature", _signature)
    app.connect("source-read", fill_in_help)
