"""The servers that a user has named, in one JSON file among the user's settings.

The file is written by hand, and read whenever it is wanted:

    {"lab": "512GB", "cluster": {"memory": "2TB", "cores": 128}}
"""

from __future__ import annotations

from pathlib import Path

from workstation.core.servers import Server, server_from_value
from workstation.errors import InputError, RequestError
from workstation.io.files import read_json
from workstation.io.places import config_folder


def servers_file() -> Path:
    """Where the user's servers are named; it need not be there."""
    return config_folder() / "servers.json"


def read_servers(path: Path | None = None) -> tuple[Server, ...]:
    """The user's servers in the order of the file; none where there is no file.

    Raises
    ------
    InputError
        The file is no JSON object, or an entry is no server.
    """
    path = path or servers_file()
    if not path.exists():
        return ()
    try:
        return tuple(server_from_value(name, value) for name, value in read_json(path).items())
    except RequestError as error:
        raise InputError(f"{path}: {error.message}", hint=error.hint, path=path) from error
