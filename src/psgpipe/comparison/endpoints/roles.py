"""The endpoints of a comparison and their roles."""

from __future__ import annotations

from psgpipe.comparison.nights.nights_table import NightsTable
from psgpipe.comparison.nights.selection import NightSelection
from psgpipe.comparison.statistics.composition import BALANCES
from psgpipe.errors import ComparisonSpecInvalid, StudyTableInvalid
from psgpipe.messages import did_you_mean
from psgpipe.model.comparison.contrast import EndpointRole
from psgpipe.model.comparison.spec import ComparisonSpec, Declaration


def endpoint_roles(
    table: NightsTable, spec: ComparisonSpec, declaration: Declaration
) -> list[tuple[str, EndpointRole]]:
    """Every endpoint to analyse and its role: declared endpoints first, in the spec's order.

    Under a spec that was edited after its lock every endpoint is exploratory.
    """
    balances = tuple(BALANCES) if spec.composition else ()
    present = [*table.endpoints, *balances]
    for endpoint in sorted({*spec.named_endpoints}):
        if endpoint not in present:
            raise ComparisonSpecInvalid(
                f"the spec names endpoint {endpoint!r}, which {table.file} does not hold"
                f"{did_you_mean(endpoint, present)}",
                f"There are {', '.join(present) or 'no endpoints'}.",
            )
    roles: dict[str, EndpointRole] = {}
    if spec.primary:
        roles[spec.primary] = "primary"
    roles |= dict.fromkeys(spec.secondary, "secondary")
    rest = present if spec.endpoints is None else [*spec.endpoints, *balances]
    for endpoint in rest:
        roles.setdefault(endpoint, "exploratory")
    if not roles:
        raise StudyTableInvalid(
            f"{table.file}: wanted columns with endpoints, found none",
            "Give columns such as tst_min or rem_pct.",
        )
    if declaration.exploratory:
        roles = dict.fromkeys(roles, "exploratory")
    return [*roles.items()]


def refuse_impossible_logarithms(
    selection: NightSelection, file: str, spec: ComparisonSpec
) -> None:
    """Refuse a logarithm of values below 0.

    Raises
    ------
    psgpipe.errors.ComparisonSpecInvalid
        Names the endpoint, the value and its row.
    """
    for endpoint, transform in spec.transform.items():
        values = [(n.values.get(endpoint) or 0.0, n.row) for n in selection.usable]
        lowest, row = min(values)
        if transform == "log" and lowest < 0:
            raise ComparisonSpecInvalid(
                f"the spec takes the logarithm of {endpoint}, which is {lowest:g} in row {row} of "
                f"{file}",
                "Leave out the transformation: a value below 0 has no logarithm.",
            )
