"""Many submissions: spreads jobs over warm worker processes, or over a Dask cluster."""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from autograder import examiner
from autograder.grading import Options, Result, grade, unreadable
from autograder.lesson import Lesson
from autograder.sandbox.client import WARM_ENVIRONMENT, Sandbox, SandboxError
from autograder.submission import Submission
from nnlab.testing import SEED_VARIABLE

#: What the workers' common parent imports, once: all that test cells may need.
_PRELOAD = ["numpy", "torch", "matplotlib.pyplot", "nnlab.pictures", "nnlab.progress", __name__]


@dataclass(frozen=True)
class Job:
    """One submission to grade. ``submission`` is None, with a reason, if it could not be read."""

    key: str
    lesson: Lesson
    master: dict[str, Any] = field(repr=False)
    submission: Submission | None
    reason: str = ""
    hidden_seed: int = 0
    options: Options = field(default_factory=Options)


class WorkerLost(Exception):
    """A worker process of the grader ended; the job it had is named."""


def run(jobs: Iterable[Job], workers: int = 2) -> Iterator[tuple[Job, Result]]:
    """Grade ``jobs`` in ``workers`` processes; yields each result as it is done, in any order.

    Raises:
        SandboxError: the sandbox does not start.
        WorkerLost: a worker process ended; nothing of its job was written anywhere.
    """
    pending = iter(jobs)
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(_warm_parents())
        started = [_Worker(source, stack) for _ in range(max(workers, 1))]
        busy: dict[Connection, tuple[_Worker, Job]] = {}
        for worker in started:
            _give(worker, pending, busy)
        while busy:
            for ready in wait(list(busy)):
                worker, job = busy.pop(ready)
                try:
                    answer = worker.connection.recv()
                except EOFError as error:
                    raise WorkerLost(f"the worker that graded {job.key} ended") from error
                if isinstance(answer, Exception):
                    raise answer
                _give(worker, pending, busy)
                yield job, answer


def run_on_dask(jobs: Iterable[Job], address: str) -> Iterator[tuple[Job, Result]]:
    """Grade ``jobs`` on the workers of the Dask scheduler at ``address`` (``tcp://host:8786``).

    Each worker process keeps a sandbox of its own; this package must be installed there.

    Raises:
        OSError: no scheduler answers there.
    """
    from distributed import Client, as_completed

    with Client(address, timeout="10s") as client:
        futures = {client.submit(_grade_on_dask, job, pure=False): job for job in jobs}
        for future in as_completed(list(futures)):
            yield futures[future], future.result()


@contextlib.contextmanager
def _warm_parents() -> Iterator[Sandbox]:
    """Start both warm parents at once: the sandbox's, and the workers' (a fork server)."""
    before = {name: os.environ.get(name) for name in WARM_ENVIRONMENT}
    os.environ.update(WARM_ENVIRONMENT)
    try:
        with Sandbox() as source:
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(_PRELOAD)
            from multiprocessing import forkserver

            forkserver.ensure_running()
            yield source
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class _Worker:
    """A worker process, forked from the fork server, with a sandbox of its own."""

    def __init__(self, source: Sandbox, stack: contextlib.ExitStack) -> None:
        context = multiprocessing.get_context("forkserver")
        self.connection, theirs = context.Pipe()
        sock = source.clone()
        self.process = context.Process(target=_work, args=(theirs, sock), daemon=True)
        self.process.start()
        theirs.close()
        sock.close()
        stack.callback(self._end)

    def _end(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.send(None)
        self.connection.close()
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()


def _give(worker: _Worker, pending: Iterator[Job], busy: dict[Connection, tuple[_Worker, Job]]) -> None:
    job = next(pending, None)
    if job is not None:
        worker.connection.send(job)
        busy[worker.connection] = (worker, job)


def _work(connection: Connection, sock: socket.socket) -> None:
    """The worker's loop."""
    import torch

    torch.set_num_threads(1)
    with Sandbox.attached(sock) as sandbox:
        grader = _Grader(sandbox)
        gc.collect()
        gc.freeze()
        while True:
            try:
                job = connection.recv()
            except EOFError:
                return
            if job is None:
                return
            try:
                connection.send(grader.grade(job))
            except Exception as error:  # noqa: BLE001  the parent raises it
                connection.send(SandboxError(f"{job.key}: {type(error).__name__}: {error}"))


class _Grader:
    """Grades jobs one after another, and keeps what jobs of the same lesson share."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._names: dict[str, dict[str, Any]] = {}

    def grade(self, job: Job) -> Result:
        if job.submission is None:
            return unreadable(job.lesson, job.master, job.reason)
        if job.lesson.digest not in self._names:
            self._names[job.lesson.digest] = examiner.prepare(job.lesson)
        os.environ[SEED_VARIABLE] = str(job.hidden_seed)
        names = self._names[job.lesson.digest]
        return grade(job.lesson, job.master, job.submission, self.sandbox, names, job.options)


_dask_grader: _Grader | None = None


def _grade_on_dask(job: Job) -> Result:
    """Runs on a Dask worker, whose threads must not fork: one process each grades for it."""
    global _dask_grader
    if _dask_grader is None:
        sandbox = Sandbox()
        sandbox.wait_until_warm()
        _dask_grader = _Grader(sandbox)
    return _dask_grader.grade(job)
