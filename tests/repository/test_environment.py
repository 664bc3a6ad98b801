"""pyproject.toml, environment.yml and constraints.txt describe one environment."""

import ast
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NAME = canonicalize_name(PROJECT["name"])

# conda-forge's names where they differ from PyPI's.
CONDA_NAMES = {"torch": "pytorch", "playwright": "playwright-python"}
# What conda-forge lacks: installed by pip inside the conda environment.
NOT_ON_CONDA_FORGE: set[str] = set()


def declared() -> list[Requirement]:
    """The requirements of the project and of all its extras."""
    lines = list(PROJECT["dependencies"])
    for extra in PROJECT["optional-dependencies"].values():
        lines += extra
    return [Requirement(line) for line in lines]


def pins() -> dict[str, Requirement]:
    """The requirements of constraints.txt by normalized name."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    requirements = [Requirement(line) for line in lines if line and not line.startswith("#")]
    by_name = {canonicalize_name(requirement.name): requirement for requirement in requirements}
    assert len(by_name) == len(requirements), "constraints.txt pins a package twice"
    return by_name


def installed_closure() -> set[str]:
    """Every distribution that installing the project for its tests brings into this environment.

    What torch asks for on one platform only (the CUDA libraries of a Linux wheel) depends on the
    kind of build and is pinned by torch itself.
    """
    found: set[tuple[str, frozenset[str]]] = set()
    waiting = declared()
    while waiting:
        parent = waiting.pop()
        name, extras = canonicalize_name(parent.name), frozenset(parent.extras)
        if (name, extras) in found:
            continue
        found.add((name, extras))
        for line in metadata.requires(name) or []:
            requirement = Requirement(line)
            everywhere = requirement.marker is None
            here = not everywhere and any(requirement.marker.evaluate({"extra": extra}) for extra in extras | {""})
            if everywhere or (here and name != "torch"):
                waiting.append(requirement)
    return {name for name, _ in found}


def test_environment_yml_equals_pyproject() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    [pip] = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]

    expected_conda = {f"python{PROJECT['requires-python']}", "pip"}
    expected_pip = {"-e ."}
    for requirement in declared():
        name = canonicalize_name(requirement.name)
        if name in NOT_ON_CONDA_FORGE:
            expected_pip.add(f"{name}{requirement.specifier}")
        else:
            expected_conda.add(f"{CONDA_NAMES.get(name, name)}{requirement.specifier}")

    assert environment["name"] == NAME
    assert environment["channels"] == ["conda-forge"]
    assert sorted(conda) == sorted(expected_conda)
    assert sorted(pip) == sorted(expected_pip)


def test_constraints_pin_one_public_version_each() -> None:
    for name, requirement in pins().items():
        [specifier] = requirement.specifier
        assert specifier.operator == "==" and "*" not in specifier.version, f"{name}: pin one version with =="
        assert "+" not in specifier.version, f"{name}: a local version exists for one kind of build only"
        assert requirement.url is None and requirement.marker is None and not requirement.extras, name


@pytest.mark.parametrize("requirement", declared(), ids=lambda requirement: requirement.name)
def test_constraints_cover_each_declared_dependency(requirement: Requirement) -> None:
    name = canonicalize_name(requirement.name)
    assert name in pins(), f"{name} is declared in pyproject.toml but not pinned in constraints.txt"
    [specifier] = pins()[name].specifier
    assert requirement.specifier.contains(specifier.version), f"{name}: {specifier} is outside {requirement.specifier}"


@pytest.mark.skipif(sys.platform != "linux", reason="constraints.txt was recorded on Linux; others add a few packages")
def test_constraints_cover_everything_that_is_installed() -> None:
    missing = installed_closure() - set(pins())
    assert not missing, f"installed for the project but not pinned in constraints.txt: {sorted(missing)}"


@pytest.mark.parametrize("package", ["autograder", "dl_helpers", "tests"])
def test_what_is_imported_is_declared(package: str) -> None:
    imported: set[str] = set()
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                imported.add(node.module.split(".")[0])
    imported -= sys.stdlib_module_names | {"autograder", "dl_helpers", "tests"}
    owners = metadata.packages_distributions()
    unowned = imported - set(owners)
    assert not unowned, f"{package} imports what is not installed: {sorted(unowned)}"
    names = {canonicalize_name(requirement.name) for requirement in declared()}
    undeclared = [name for name in imported if not names & {canonicalize_name(owner) for owner in owners[name]}]
    assert not undeclared, f"{package} imports what pyproject.toml does not declare: {sorted(undeclared)}"
