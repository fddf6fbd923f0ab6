"""What a person sees while the book is built: one bar, and a line as each step is done."""

from __future__ import annotations

import sys
import time
from typing import Any

from doit.exceptions import UnmetDependency
from doit.reporter import ZeroReporter
from tqdm import tqdm


class Progress(ZeroReporter):
    """A reporter for doit: shows progress, and keeps what was done and what failed.

    doit takes a reporter class and calls it to make its own; calling this object gives the object itself, so
    that the caller can ask it afterwards.
    """

    def __init__(self, label: str) -> None:
        """Start with nothing done; `label` stands before the bar."""
        self.label = label
        self.done: list[str] = []
        self._begun: dict[str, float] = {}
        # Remembered now, because doit points sys.stdout elsewhere while a task runs.
        self._terminal = sys.stdout

    def __call__(self, outstream: Any, options: dict[str, Any]) -> Progress:
        """Stand for itself."""
        return self

    def initialize(self, tasks: dict[str, Any], selected_tasks: list[str]) -> None:
        """Start the bar; none where nobody watches."""
        total = sum(1 for task in tasks.values() if task.actions)
        self.bar = tqdm(total=total, unit="step", desc=self.label, dynamic_ncols=True, disable=None)

    def close(self) -> None:
        """Take the bar away."""
        self.bar.close()

    def execute_task(self, task: Any) -> None:
        """Note when a step begins."""
        if task.actions:
            self._begun[task.name] = time.monotonic()
            self._show_running()

    def add_success(self, task: Any) -> None:
        """Say how long a step took."""
        if task.actions:
            seconds = time.monotonic() - self._begun.pop(task.name)
            self.done.append(task.name)
            self._say(f"  {task.title()}: {seconds:.0f} s")
            self._step()

    def add_failure(self, task: Any, fail: Any) -> None:
        """Say what failed, in the error's own sentence; not what had to wait for it."""
        self._begun.pop(task.name, None)
        if not isinstance(fail, UnmetDependency):
            lines = [line for line in str(fail.get_msg()).splitlines() if line.strip()]
            sentence = lines[-1].split("NotebookError: ")[-1] if lines else fail.get_name()
            self._say(f"  {task.title()}: {sentence}")
        if task.actions:
            self._step()

    def skip_uptodate(self, task: Any) -> None:
        """Count a step that need not run."""
        if task.actions:
            self._step()

    def runtime_error(self, msg: str) -> None:
        """Say what is wrong with the steps themselves."""
        self._say(msg)

    def _step(self) -> None:
        self.bar.update()
        self._show_running()

    def _show_running(self) -> None:
        self.bar.set_postfix_str(", ".join(name.split(":")[-1] for name in list(self._begun)))

    def _say(self, line: str) -> None:
        tqdm.write(line, file=self._terminal)
