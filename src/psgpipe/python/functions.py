"""Functions of lower packages, as Python users call them."""

from psgpipe.actigraphy import read as actigraphy_read
from psgpipe.actigraphy import score as actigraphy_score
from psgpipe.edf import reader
from psgpipe.keywords import called_from_python
from psgpipe.sleep import architecture

read_actigraphy = called_from_python(actigraphy_read.read_actigraphy)
read_header = called_from_python(reader.read_header)
score_actigraphy = called_from_python(actigraphy_score.score_actigraphy)
summarize = called_from_python(architecture.summarize)

for _function in (read_actigraphy, read_header, score_actigraphy, summarize):
    _function.__module__ = __name__  # pickle searches a function where it says that it lies
