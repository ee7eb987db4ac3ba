"""Where a WSGI server finds the application."""

import gc

from forum.app import create_app

app = create_app()

# What is there by now lives as long as the process, so it is looked at no more; and a page makes so many short-lived
# things that looking after each few hundred took a tenth of its time.
gc.collect()
gc.freeze()
gc.set_threshold(50_000, 20, 20)
