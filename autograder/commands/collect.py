"""autograder collect: what students handed in, from archives into submitted/."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.commands.options import (
    CourseFolder,
    JsonFile,
    OneName,
    assignment_names,
    course_root,
)
from autograder.commands.output import check_json, fail, problem, status, write_json
from autograder.commands.tables import print_collected


def collect(
    name: OneName,
    archives: Annotated[
        list[Path],
        typer.Argument(metavar="ARCHIVE...", help="Zip archives, as downloaded from the LMS."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read and check everything; write nothing.")
    ] = False,
    json_file: JsonFile = None,
    course: CourseFolder = None,
) -> None:
    """File what students handed in, from the LMS's zip archives, into submitted/.

    An archive holds a folder a student (STUDENT/…/NAME.ipynb, with extra files), or flat files
    (STUDENT_NAME.ipynb), or a zip a student. What cannot be taken is refused with the reason,
    and everything else is filed. Several archives are taken in the order given, the later over
    the earlier; a submission that is replaced stays beside the new one under a dot-name.
    """
    from autograder.course.folders import Course, CourseError
    from autograder.intake.archive_limits import ArchiveError
    from autograder.intake.collect import Report, collect_archive
    from autograder.protocol.plain_text import on_one_line

    root = course_root(course)
    check_json(json_file)
    for archive in archives:
        if not archive.is_file():
            fail(f"{archive} is no file; give the zip archive that the LMS made")
    (assignment,) = assignment_names(root, [name])
    try:
        folder = Course(root)
    except CourseError as error:
        fail(error)
    reports: list[Report] = []
    entries: list[dict[str, Any]] = []
    for archive in archives:
        shown = on_one_line(archive.name)
        try:
            with status(f"Reading {shown} …"):
                report = collect_archive(folder, assignment, archive, dry_run=dry_run)
        except ArchiveError as error:
            problem(error)
            entries.append({"archive": shown, "error": str(error), "collected": [], "refused": []})
            continue
        reports.append(report)
        entries.append(report.to_dict())
        for refused in report.refused:
            problem(f"{report.archive}: {refused.member}: {refused.reason}")
    print_collected(assignment, reports, dry_run)
    write_json(
        json_file,
        {"schema": 2, "assignment": assignment, "dry_run": dry_run, "archives": entries},
    )
    if any(entry["error"] or entry["refused"] for entry in entries):
        raise typer.Exit(1)
