"""OpenStack Swift, proxy with s3api and one node of one device, in one process of Debian's Python (python3-swift).

Runs until its standard input is closed. Arguments: a folder of a file system with extended attributes, a port. The
first line that it prints is `ready`. The account is `desk:operator`, its key stands in the folder's file `key`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import eventlet

eventlet.monkey_patch()

from eventlet import wsgi  # noqa: E402  # after what it patches
from swift.common import utils  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import loadapp  # noqa: E402

SERVERS = ("account", "container", "object")
_STORAGE = """
[DEFAULT]
devices = {folder}/devices
mount_check = false
swift_dir = {folder}
log_level = ERROR
[pipeline:main]
pipeline = {name}-server
[app:{name}-server]
use = egg:swift#{name}
replication_server = false
"""
_PROXY = """
[DEFAULT]
swift_dir = {folder}
log_level = ERROR
[pipeline:main]
pipeline = catch_errors s3api tempauth container_quotas copy slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:container_quotas]
use = egg:swift#container_quotas
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
location = us-east-1
dns_compliant_bucket_names = false
[filter:tempauth]
use = egg:swift#tempauth
user_desk_operator = {key} .admin
"""


class Memory:
    """What Swift asks of memcached, for one process: without it every request asks for its account and container."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, str]] = {}

    def get(self, key: str, raise_on_error: bool = False) -> object:  # Swift's own
        """What is kept, or None."""
        until, value = self._kept.get(key, (0.0, "null"))
        return json.loads(value) if until > time.monotonic() else None

    def set(self, key: str, value: object, time: float = 0, **_: object) -> None:  # Swift's own
        """Keep a value for so many seconds."""
        self._kept[key] = (_clock() + (time or 1e9), json.dumps(value))

    def delete(self, key: str, **_: object) -> None:
        """Forget one."""
        self._kept.pop(key, None)


_clock = time.monotonic


class Cached:
    """Gives every request that memory."""

    def __init__(self, app: object) -> None:
        self._app, self._memory = app, Memory()

    def __call__(self, environ: dict[str, object], start: object) -> object:
        """As WSGI has it."""
        environ["swift.cache"] = self._memory
        return self._app(environ, start)  # type: ignore[operator]


def main(folder: Path, port: int) -> None:
    """Serve."""
    utils.HASH_PATH_SUFFIX, utils.HASH_PATH_PREFIX = b"of-a-test", b""
    utils.SWIFT_CONF_FILE = str(folder / "swift.conf")
    (folder / "devices" / "disk").mkdir(parents=True, exist_ok=True)
    for name in SERVERS:
        listener = eventlet.listen(("127.0.0.1", 0))
        (folder / f"{name}.conf").write_text(_STORAGE.format(folder=folder, name=name))
        builder = RingBuilder(2, 1, 0)
        builder.add_dev(
            {"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": listener.getsockname()[1], "device": "disk",
             "weight": 1.0}
        )  # fmt: skip
        builder.rebalance()
        builder.get_ring().save(str(folder / f"{name}.ring.gz"))
        _serve(listener, loadapp(str(folder / f"{name}.conf")))
    (folder / "proxy.conf").write_text(_PROXY.format(folder=folder, key=(folder / "key").read_text().strip()))
    _serve(eventlet.listen(("127.0.0.1", port)), Cached(loadapp(str(folder / "proxy.conf"))))
    print("ready", flush=True)
    eventlet.tpool.execute(sys.stdin.read)


def _serve(listener: object, app: object) -> None:
    quiet = open("/dev/null", "w")  # noqa: SIM115, PTH123  # as long as the process lives
    eventlet.spawn(wsgi.server, listener, app, quiet, debug=False)


if __name__ == "__main__":
    from eventlet import tpool  # noqa: F401  # loaded before it is asked for

    main(Path(sys.argv[1]), int(sys.argv[2]))
