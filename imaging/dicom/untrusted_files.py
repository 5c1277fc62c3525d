"""Load a study nobody vouches for: in a child process with limited memory and time.

A hostile file can make a decoder take all memory or never end. The child dies of it, the caller gets
a typed error. What the child sends back is unpickled with an allow-list of types, so that a child
taken over by a file still cannot run code here.
"""

from __future__ import annotations

import io
import multiprocessing
import pickle
import resource
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from imaging.dicom.failures import refusal
from imaging.errors import DicomError
from imaging.volume import Study

#: Address space of the child: Python and its codecs take about 1 GB of it. [bytes]
MEMORY_LIMIT_BYTES = 8 << 30
#: A large study from a slow disk takes a minute. [s]
TIME_LIMIT_S = 600.0
#: Largest single file the child may write (a zip's members). [bytes]
FILE_LIMIT_BYTES = 8 << 30

_ALLOWED = {
    ("imaging.volume", "Study"), ("imaging.volume", "Acquisition"), ("imaging.volume", "AcquisitionHeader"),
    ("imaging.volume", "Volume"), ("imaging.volume", "Caution"), ("imaging.volume", "Refused"),
    ("imaging.volume", "Skipped"), ("imaging.geometry", "VolumeGeometry"),
    ("imaging.errors", "DicomError"),
    ("datetime", "datetime"), ("datetime", "timezone"), ("datetime", "timedelta"),
    ("numpy", "dtype"), ("numpy", "ndarray"), ("numpy._core.numeric", "_frombuffer"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("copyreg", "_reconstructor"), ("builtins", "object"), ("builtins", "bytearray"),
}  # fmt: skip


class _Reader(pickle.Unpickler):
    """Rebuilds a study or a typed error, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Types that a study is made of."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)


def load_untrusted(
    path: Path,
    *,
    resample: bool = False,
    memory_limit_bytes: int = MEMORY_LIMIT_BYTES,
    time_limit_s: float = TIME_LIMIT_S,
) -> Study:
    """``load_study`` in a child process.

    Parameters
    ----------
    path : Path
        Folder, file or zip.
    resample : bool
        As for ``load_study``.
    memory_limit_bytes : int
        Address space of the child. [bytes]
    time_limit_s : float
        The child is ended after this. [s]

    Raises
    ------
    DicomError
        ``DECODE_LIMIT`` if the child ran out of memory or time or died; else as ``load_study``.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(
        target=_child, args=(theirs, str(path), resample, memory_limit_bytes, time_limit_s)
    )
    child.start()
    theirs.close()
    try:
        if not ours.poll(time_limit_s):
            raise refusal("DECODE_LIMIT", f"longer than {time_limit_s:g} s")
        answer = _received(ours)
    except EOFError:
        raise refusal("DECODE_LIMIT", "the reading process died") from None
    finally:
        ours.close()
        child.kill()
        child.join()
    if isinstance(answer, DicomError):
        raise answer
    if not isinstance(answer, Study):
        raise refusal("DECODE_LIMIT", "the reading process gave no study")
    return answer


def _received(connection: Connection) -> object:
    count = int.from_bytes(connection.recv_bytes(8), "little")
    body = connection.recv_bytes()
    buffers = [bytearray(connection.recv_bytes()) for _ in range(count)]
    try:
        answer = _Reader(io.BytesIO(body), buffers=buffers).load()
    except Exception as error:
        raise refusal("DECODE_LIMIT", f"the reading process gave no study ({type(error).__name__})") from None
    if isinstance(answer, Study):
        for acquisition in answer:
            for array in (acquisition.volume.voxels, acquisition.volume.valid):
                if array is not None:
                    array.setflags(write=False)
    return answer


def _child(connection: Connection, path: str, resample: bool, memory_bytes: int, time_s: float) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    seconds = int(time_s) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_LIMIT_BYTES, FILE_LIMIT_BYTES))
    _send(connection, _answer(lambda: _load(path, resample)))


def _load(path: str, resample: bool) -> Study:
    from imaging.dicom.study_files import load_here

    return load_here(Path(path), resample=resample, links=False)


def _answer(load: Callable[[], Study]) -> Study | DicomError:
    try:
        return load()
    except DicomError as error:
        return error
    except MemoryError:
        return refusal("DECODE_LIMIT", "more memory than allowed")
    except Exception as error:
        return refusal("DECODE_LIMIT", f"the reader failed ({type(error).__name__})")


def _send(connection: Connection, answer: Study | DicomError) -> None:
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(answer, protocol=5, buffer_callback=buffers.append)
    connection.send_bytes(len(buffers).to_bytes(8, "little"))
    connection.send_bytes(body)
    for buffer in buffers:
        connection.send_bytes(buffer.raw())
