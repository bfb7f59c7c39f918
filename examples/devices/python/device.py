#!/usr/bin/python3
"""A device that renews its session without reconnecting: device.py PORT CLIENT_ID TOKEN_COMMAND [4|5]

TOKEN_COMMAND prints a fresh token; in life it asks your issuer. The gate says on
$CONTROL/sallyport/v1/notice when the session is about to end (a minute before, by
default). The device needs no clock of its own, and subscribes to neither topic.
"""
import json
import subprocess
import sys
import threading

import paho.mqtt.client as mqtt

RENEW = "$CONTROL/sallyport/v1/renew"
RESPONSE = "$CONTROL/sallyport/v1/renew/response"
NOTICE = "$CONTROL/sallyport/v1/notice"

port, client_id, token_command = int(sys.argv[1]), sys.argv[2], sys.argv[3]
version = mqtt.MQTTv5 if sys.argv[4:5] == ["5"] else mqtt.MQTTv311


def fresh_token():
    return subprocess.run(token_command, shell=True, check=True, capture_output=True, text=True).stdout.strip()


def say(*words):
    print(*words, flush=True)


def on_connect(client, userdata, flags, code, properties=None):
    say("connected" if code == 0 else f"refused {code}")


def on_disconnect(client, userdata, code, properties=None):
    say("disconnected", code)
    if not stopping:
        client.username_pw_set("device", fresh_token())  # paho connects again by itself, and needs a token that lives


def renew_in(seconds):
    # Beside the network's thread: to get a token may take a while, and pings must not wait for it.
    threading.Timer(seconds, lambda: client.publish(RENEW, fresh_token(), qos=1)).start()


def on_message(client, userdata, message):
    if message.topic == NOTICE:
        renew_in(0)
    elif message.topic == RESPONSE:
        answer = json.loads(message.payload)
        say(answer["result"], answer["ends_at"])
        if answer["result"] != "renewed":
            renew_in(5)  # the session goes on until its end: try again with another token


def on_publish(client, userdata, number):
    say("acknowledged", number)


words = dict(client_id=client_id, protocol=version)
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION1, **words) if hasattr(mqtt, "CallbackAPIVersion") else mqtt.Client(**words)
client.on_connect, client.on_disconnect = on_connect, on_disconnect
client.on_message, client.on_publish = on_message, on_publish
client.username_pw_set("device", fresh_token())
stopping = False
client.connect("127.0.0.1", port, keepalive=30)
client.loop_start()
count = 0
for line in sys.stdin:  # one word is one message: a device of yours has a sensor here
    count += 1
    client.publish(f"devices/{client_id}/up", line.strip(), qos=1)
stopping = True
client.disconnect()
client.loop_stop()
