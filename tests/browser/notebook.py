"""A notebook opened in JupyterLab, used as a person uses it: with mouse and keyboard."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from playwright.sync_api import Locator, Page, expect

CELL = ".jp-Notebook .jp-Cell"


class Notebook:
    """The notebook that ``page`` shows, read from ``path`` to know which cell stands where."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page = page
        self.cells = nbformat.read(path, as_version=4).cells
        self.executions = 0
        # JupyterLab adds the cells one by one; what is asked of it meanwhile may be lost.
        expect(page.locator(CELL)).to_have_count(len(self.cells))
        expect(page.locator(".jp-Notebook-ExecutionIndicator")).to_have_attribute("data-status", "idle")

    def position(self, grade_id: str) -> int:
        """Where the cell with this grade id stands."""
        return [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in self.cells].index(grade_id)

    def holding(self, code: str) -> int:
        """Where the first code cell with this text stands."""
        return [cell.cell_type == "code" and code in cell.source for cell in self.cells].index(True)

    def cell(self, position: int) -> Locator:
        return self.page.locator(CELL).nth(position)

    def output(self, position: int) -> Locator:
        return self.cell(position).locator(".jp-Cell-outputWrapper")

    def error(self, position: int) -> Locator:
        """The message of a cell that raised."""
        return self.output(position).locator('[data-mime-type="application/vnd.jupyter.stderr"]')

    def select(self, position: int) -> None:
        """Click beside the cell: it is selected, and a key is a command."""
        self.cell(position).locator(".jp-Cell-inputWrapper").click(position={"x": 20, "y": 5})

    def write(self, position: int, text: str) -> None:
        """Replace a cell's text."""
        self.cell(position).locator(".cm-content").click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def insert_below(self, position: int, text: str) -> int:
        """A new code cell; where it stands."""
        self.select(position)
        self.page.keyboard.press("b")
        self.cells.insert(position + 1, nbformat.v4.new_code_cell(text))
        expect(self.page.locator(CELL)).to_have_count(len(self.cells))
        self.write(position + 1, text)
        return position + 1

    def run(self, first: int, last: int | None = None) -> None:
        """Shift-Enter from one cell to another, each once the one before has run."""
        self.select(first)
        for position in range(first, (first if last is None else last) + 1):
            self.page.keyboard.press("Shift+Enter")
            if self.cells[position].cell_type == "code":
                self._await(position, executions=1)

    def run_with_all_above(self, position: int) -> None:
        """Run > Run All Above Selected Cell, then the cell itself."""
        self.select(position)
        self.page.get_by_role("menuitem", name="Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Above Selected Cell").click()
        codes = [i for i in range(position) if self.cells[i].cell_type == "code"]
        self._await(codes[-1], executions=len(codes))
        self.run(position)

    def _await(self, position: int, executions: int) -> None:
        self.executions += executions
        # The prompt is a star until the cell has run.
        prompt = self.cell(position).locator(".jp-InputPrompt")
        expect(prompt).to_have_text(re.compile(rf"^\[{self.executions}\]:?$"))
