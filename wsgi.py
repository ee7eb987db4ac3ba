"""Where a WSGI server finds the application."""

import ctypes
import faulthandler
import gc
import os
import sys

gc.disable()  # nothing loaded from here on becomes garbage, and collecting took a seventh of the start time

from forum.app import create_app  # noqa: E402  # after the collector is off
from forum.endings import wrong_settings_end_command  # noqa: E402  # as above
from forum.machine import Trimmer, collect_apart  # noqa: E402  # as above

M_ARENA_MAX = -8  # mallopt(3)

faulthandler.enable()  # a process that crashes logs the stack of each thread
os.umask(0o077)  # no other user may read the database, its copies, letters and pages of members
with wrong_settings_end_command(sys.argv[1:]):
    app = create_app()

# Everything that exists by now lives as long as the process, so the collector need not look at it. A page creates so many
# short-lived objects that the default thresholds cost a tenth of its time. There is no collection before freezing: it would
# take a tenth of the start time, and find hardly anything.
gc.freeze()
gc.set_threshold(10_000, 20, 20)
if sys.version_info >= (3, 12):
    gc.enable()
else:
    collect_apart()

# By default, each of many threads gets a malloc arena of its own, whose memory is never returned: a fifth of the total. A
# single arena is as fast as two, and less fragmented.
if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
    libc.mallopt(M_ARENA_MAX, 1)
    app.teardown_request(Trimmer(libc.malloc_trim))
