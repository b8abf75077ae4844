"""The notebook of docs/, run for real by Jupyter: `make notebook`, which fetches what Jupyter needs for it alone.

Outputs are kept, times and the kernel's own facts are not: the file changes where what it shows does.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebooks" / "sweep.ipynb"
TIMEOUT_S = 600


def main() -> None:
    """Run every cell in an empty folder and write the notebook with what came of it."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(NOTEBOOK, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FERRAY_CACHE"] = str(Path(folder) / "cache")
        client = NotebookClient(
            notebook,
            timeout=TIMEOUT_S,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": folder}},
        )
        client.execute()
    notebook.metadata["language_info"] = {"name": "python"}
    NOTEBOOK.write_text(nbformat.writes(notebook) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
