"""The catalogue of all formats of scorings, in the order in which files are compared with them."""

from psgpipe.scorings.formats import (
    alice,
    bids,
    columns_without_names,
    domino,
    edf,
    elan,
    hypnogram_json,
    luna_annot,
    noxturnal,
    nsrr_xml,
    one_a_line,
    profusion_xml,
    remlogic,
    respironics_xml,
    table,
    visbrain,
)
from psgpipe.scorings.formats.scoring_format import ScoringFormat

FORMATS: tuple[ScoringFormat, ...] = (
    edf.FORMAT,
    nsrr_xml.FORMAT,
    profusion_xml.FORMAT,
    respironics_xml.FORMAT,
    remlogic.XML,
    hypnogram_json.YASA,
    hypnogram_json.FORMAT,
    domino.FORMAT,
    elan.FORMAT,
    visbrain.FORMAT,
    luna_annot.FORMAT,
    one_a_line.EPOCH_ANNOTATIONS,
    bids.FORMAT,
    noxturnal.FORMAT,
    remlogic.FORMAT,
    alice.FORMAT,
    alice.CODES,
    table.FORMAT,
    one_a_line.FORMAT,
    columns_without_names.FORMAT,
)
