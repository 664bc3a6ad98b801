"""What the documentation quotes of a measurement is what was measured."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# A number, then the place that it comes from: 1.9<!-- grading.json: ways.nbgrader.further -->
QUOTED = re.compile(r"(\d+(?:\.\d+)?)<!-- (\w+\.json): ([\w.]+) -->")


def quotations() -> list[tuple[str, str, str, str]]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [(page.name, *found) for page in pages for found in QUOTED.findall(page.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("page", "quoted", "record", "place"), quotations())
def test_a_quoted_number_is_the_recorded_one(page: str, quoted: str, record: str, place: str) -> None:
    value: Any = json.loads((ROOT / "benchmarks" / "results" / record).read_text(encoding="utf-8"))
    for key in place.split("."):
        value = value[key]
    decimals = len(quoted.partition(".")[2])
    assert f"{value:.{decimals}f}" == quoted, f"{page} quotes {place} as {quoted}, recorded is {value}"


def test_the_cost_of_grading_is_quoted() -> None:
    assert {record for _, _, record, _ in quotations()} >= {"grading.json"}
