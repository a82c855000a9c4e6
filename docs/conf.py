"""Settings of the documentation site: ``make docs`` builds it in build/site.

The pages are MyST Markdown and can be read on a forge, too. The API reference comes from the
docstrings. Other projects' names are no links (intersphinx): it needs their inventories from the
network at every build, and none of them ships its inventory in a package.
"""

import psgpipe

project = "psgpipe"
author = "the psgpipe developers"
copyright = "the psgpipe developers, BSD-3-Clause"
release = version = psgpipe.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
]
source_suffix = {".md": "markdown"}
suppress_warnings: list[str] = []

# Links such as findings.md#spectra-and-events lead to headings, spelled as forges spell them.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autosummary_generate = False
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True  # attributes stand in the list of their class once

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

# `make linkcheck` asks the network for every external link; CI does not.
linkcheck_timeout = 20
linkcheck_retries = 2
