"""What the benches share: timing, spreads, and the machine as far as it matters to a reader."""

import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

Figures = dict[str, Any]
Task = Callable[[], object]


def spread(values: list[float]) -> tuple[float, float, float]:
    """The median and the quartiles."""
    if len(values) == 1:
        return (values[0],) * 3
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return middle, low, high


def timed(task: Task, seconds: float) -> float:
    """Microseconds of CPU time of one run, over as many as fill the time."""
    loops, elapsed = 1, 0.0
    while elapsed < seconds:
        loops *= 2
        start = time.process_time()
        for _ in range(loops):
            task()
        elapsed = time.process_time() - start
    return elapsed / loops * 1e6


def probed(program: str, *arguments: str, env: dict[str, str] | None = None) -> list[float]:
    """The numbers that a program prints in an interpreter of its own."""
    command = [sys.executable, "-W", "ignore", "-c", program, *arguments]
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | (env or {}))
    return [float(number) for number in run.stdout.split()]


def resident() -> float:
    """The MB of memory that this process has now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def descriptors() -> int:
    """The open files and sockets of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def machine() -> Figures:
    """Interpreter, processor and load: no names, no paths."""
    info = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.partition(": ")[2] for line in info if "model name" in line), "unknown")
    node = subprocess.run(["node", "--version"], check=True, capture_output=True, text=True).stdout.strip()
    return {
        "python": platform.python_version(),
        "node": node.lstrip("v"),
        "cpu": f"{os.cpu_count()} x {cpu}",
        "load_before": round(os.getloadavg()[0], 2),
    }
