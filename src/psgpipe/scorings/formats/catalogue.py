"""The catalogue of all formats of scorings, in the order in which files are compared with them."""

from psgpipe.scorings.formats import edf
from psgpipe.scorings.formats.scoring_format import ScoringFormat

FORMATS: tuple[ScoringFormat, ...] = (edf.FORMAT,)
