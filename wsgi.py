"""Where a WSGI server finds the application."""

import ctypes
import faulthandler
import gc
import os
import sys

gc.disable()  # what is loaded from here on stays: looking after it meanwhile took a seventh of the start

from forum.app import create_app  # noqa: E402  # after the collector is off

M_ARENA_MAX = -8  # mallopt(3)

faulthandler.enable()  # a process that crashes says in the log where each of its threads was
os.umask(0o077)  # the database, its copies, letters and pages of members are nobody else's to read
app = create_app()

# What is there by now lives as long as the process, so it is looked at no more; and a page makes so many short-lived
# things that looking after each few hundred took a tenth of its time.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
gc.enable()

# Each of many threads would have a heap of its own, and keep what it once needed: a fifth of the memory.
if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
    libc.mallopt(M_ARENA_MAX, 2)
