"""A desktop that shows notices: says "listening", then one JSON line for each."""
import json

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

DBusGMainLoop(set_as_default=True)
interface = "org.freedesktop.Notifications"


class Desktop(dbus.service.Object):
    @dbus.service.method(interface, in_signature="susssasa{sv}i", out_signature="u")
    def Notify(self, app, replaces, icon, summary, body, actions, hints, timeout):
        print(json.dumps({"app": app, "summary": summary, "body": body, "urgency": int(hints.get("urgency", 1))}), flush=True)
        return dbus.UInt32(1)

    @dbus.service.method(interface, out_signature="as")
    def GetCapabilities(self):
        return ["body", "body-markup"]

    @dbus.service.method(interface, out_signature="ssss")
    def GetServerInformation(self):
        return ("test", "test", "1", "1.2")


bus = dbus.SessionBus()
name = dbus.service.BusName(interface, bus)
desktop = Desktop(bus, "/org/freedesktop/Notifications")
print("listening", flush=True)
GLib.MainLoop().run()
