"""The main flow with python3-socketio: argv[1] is the server's URL, argv[2] the transport.

Prints one JSON line for each event it gets; ends when it was told that its contact left.
"""
import json
import sys
import threading

import socketio

url, transport, user, contact = sys.argv[1:5]
client = socketio.Client(reconnection=False)
done = threading.Event()


printing = threading.Lock()


def tell(event, data):
    # Handlers run in threads of their own; a line is written whole.
    with printing:
        sys.stdout.write(json.dumps({"event": event, "data": data}) + "\n")
        sys.stdout.flush()


@client.on("user_online")
def user_online(data):
    tell("user_online", data)
    tell("ack", client.call("get_user_presence", {"userId": contact}, timeout=10))


@client.on("user_status_changed")
def user_status_changed(data):
    tell("user_status_changed", data)


@client.on("user_offline")
def user_offline(data):
    tell("user_offline", data)
    done.set()


client.connect(url, auth={"userId": user}, transports=transport.split(","), wait_timeout=10)
tell("ack", client.call("user_heartbeat", {"deviceInfo": {"type": "desktop", "os": "Linux"}}, timeout=10))
tell("ready", client.transport())
if not done.wait(20):
    sys.exit("the contact did not leave in time")
client.disconnect()
