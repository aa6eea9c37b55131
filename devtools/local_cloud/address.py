"""The address of a local cloud, kept from one to the next: its port, and the id and the key of its API."""

import json
import secrets
from dataclasses import asdict, dataclass, replace
from typing import Final, Self

from devtools.local_cloud.folder import Folder, write_atomically

PREFERRED_PORT: Final = 4566


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """`api_id` has the form of API Gateway's ids in MiniStack: 8 hexadecimal digits."""

    port: int
    api_id: str
    api_key: str

    @classmethod
    def of(cls, folder: Folder) -> Self:
        """Return the address that the last local cloud of this folder had, or a new one."""
        try:
            return cls(**json.loads(folder.address_file.read_text()))
        except (FileNotFoundError, TypeError, ValueError):
            new = cls(port=PREFERRED_PORT, api_id=secrets.token_hex(4), api_key=secrets.token_hex(16))
            new.keep(folder)
            return new

    def with_port(self, port: int) -> Self:
        """Return the address with the port that the local cloud got."""
        return replace(self, port=port)

    def keep(self, folder: Folder) -> None:
        """Write it for the next local cloud of this folder."""
        write_atomically(folder.address_file, json.dumps(asdict(self)))
