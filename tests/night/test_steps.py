"""The signature of each step's function agrees with its slots."""

import dataclasses
import inspect
import typing

import pytest

from psgpipe.model.opened_night import OpenedNight
from psgpipe.night.definition import load_definition, with_events
from psgpipe.night.runner import RESULTS, needed_steps
from psgpipe.night.steps.catalogue import CATALOGUE, INITIAL_SLOTS


def hints(step):
    return typing.get_type_hints(step.run)


def slot_types():
    types = {"opened": OpenedNight}
    types |= {step.gives: hints(step)["return"] for step in CATALOGUE.values()}
    return types


@pytest.mark.parametrize("step", CATALOGUE.values(), ids=CATALOGUE)
def test_a_step_reads_the_types_that_other_steps_give(step):
    parameters = list(inspect.signature(step.run).parameters)
    taken = [hints(step)[name] for name in parameters]
    assert taken == [*(slot_types()[slot] for slot in step.reads), step.params]


@pytest.mark.parametrize("step", CATALOGUE.values(), ids=CATALOGUE)
def test_parameters_are_frozen_and_have_defaults(step):
    assert step.params.__dataclass_params__.frozen
    assert dataclasses.is_dataclass(step.params())


def test_the_usual_order_fills_every_slot_before_it_is_read():
    filled = set(INITIAL_SLOTS)
    for step in CATALOGUE.values():
        assert set(step.reads) <= filled, step.name
        filled.add(step.gives)


def test_a_step_that_leads_to_nothing_wanted_is_not_run():
    night = with_events(load_definition("standard-night"))
    every = [step.name for step in needed_steps(night, (*RESULTS, "filtered"))]
    assert every == list(CATALOGUE)
    without_pictures = [step.name for step in needed_steps(night, RESULTS)]
    assert without_pictures == [name for name in CATALOGUE if name != "filter_eeg"]
    assert [s.name for s in needed_steps(night, ("quality",))] == [
        "load", "reference", "check_quality",
    ]  # fmt: skip
