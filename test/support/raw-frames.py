"""Sends frames by every way past a firewall that a program of root has, again and again, until its input ends.

raw-frames.py DEVICE ADDRESS: raw packet sockets with and without the queue, of IPv4, IPv6 and no known protocol, and an ordinary
datagram to ADDRESS. Says "sending" once it has begun. What the kernel refuses is no error here.
"""
import select
import socket
import sys

device, address = sys.argv[1:3]
SOL_PACKET, PACKET_QDISC_BYPASS = 263, 20
head = b"\xff" * 6 + b"\x02\x00\x00\x00\x00\x01"
kinds = (b"\x08\x00\x45", b"\x86\xdd\x60", b"\x88\xb5\x00", b"\x81\x00\x00\x05\x08\x00\x45")


def raw(bypass):
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind((device, 0))
    if bypass:
        sender.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
    return sender


def attempt(send):
    try:
        send()
    except OSError:
        pass


senders = [raw(False), raw(True)]
plain = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
print("sending", flush=True)
while not select.select([sys.stdin], [], [], 0.02)[0]:
    for sender in senders:
        for kind in kinds:
            attempt(lambda: sender.send(head + kind + b"\x00" * 60))
    attempt(lambda: plain.sendto(b"hello", (address, 4444)))
