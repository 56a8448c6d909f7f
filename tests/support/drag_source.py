"""A window from which a file can be dragged, for the test of dropping: drag_source.py X Y FILE."""
import sys
from pathlib import Path

import gi

gi.require_version("Gdk", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, Gtk

x, y, file = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]).resolve()

box = Gtk.EventBox()
box.drag_source_set(Gdk.ModifierType.BUTTON1_MASK, [], Gdk.DragAction.COPY)
box.drag_source_add_uri_targets()
box.connect("drag-data-get", lambda _box, _context, data, _info, _time: data.set_uris([file.as_uri()]))

window = Gtk.Window(type=Gtk.WindowType.POPUP)
window.set_default_size(60, 40)
window.move(x, y)
window.add(box)
window.show_all()
print("ready", flush=True)
Gtk.main()
