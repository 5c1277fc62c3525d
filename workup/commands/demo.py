"""``veinvasion demo``: the main job on the sample study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the report; made if it is not there.")
    ] = Path("demo_out"),
    language: Annotated[str, typer.Option(help="Language of the report: en or ko.")] = "en",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")] = False,
) -> None:
    """Assess the sample: a synthetic liver with a tumor in its portal vein, whose answers are known.

    Example: veinvasion demo -o demo_out
    """
    from workup.case.case_files import read_case
    from workup.command_line import loading_progress
    from workup.commands.assess import present
    from workup.protocol_files import read_protocol

    sample = _sample(output)
    with loading_progress("reading images") as progress:
        case = read_case(sample, progress=progress)
    from workup.assess import assess

    present(assess(case, read_protocol("NCT06828380")), output, ["html", "json"], language, as_json)


def _sample(output: Path) -> Path:
    """The sample in the checkout, or the same one made anew from its seed."""
    beside = Path(__file__).resolve().parents[2] / "sample_dicom"
    if (beside / "regions.json").is_file():
        return beside
    from imaging.phantom import TWINS
    from imaging.phantom_files import write_case

    made = output / "sample_dicom"
    if not (made / "regions.json").is_file():
        write_case(TWINS["plain"], made, compression="jpeg2000")
    return made
