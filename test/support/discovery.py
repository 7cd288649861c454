"""What a program of root may dress up as discovery, and who gets it.

discovery.py listen SECONDS: prints a line for each message that comes. discovery.py send IPV4 IPV6: to that machine as DHCP, DHCPv6,
MLD and neighbour discovery, and last of all as DHCP clients ask everybody, so whoever has heard that has heard all that passed.
"""
import socket
import struct
import sys
import threading

verb, *rest = sys.argv[1:]
SO_BINDTODEVICE = 25
broadcast = "255.255.255.255"


def datagrams(family, port):
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    opened.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, b"eth0")
    if family == socket.AF_INET:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    opened.bind(("", port))
    return opened


def icmp():
    return socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)


def hear(opened, marked):
    while True:
        said = opened.recv(2000)
        if marked in said:
            print(said[said.index(marked):].decode().strip(), flush=True)


def send_icmp(kind, hops, text, to):
    sender = icmp()
    sender.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, hops)
    sender.sendto(struct.pack("!BBHI", kind, 0, 0, 0) + b"\0" * 16 + text + b" " * 200, (to, 0))


def attempt(send):
    try:
        send()
    except OSError:
        pass


if verb == "listen":
    for opened in (datagrams(socket.AF_INET, 67), datagrams(socket.AF_INET6, 547), icmp()):
        threading.Thread(target=hear, args=(opened, b"smuggled"), daemon=True).start()
    print("listening", flush=True)
    sys.stdin.read()
else:
    ipv4, ipv6 = rest
    attempt(lambda: datagrams(socket.AF_INET, 68).sendto(b"smuggled by dhcp", (ipv4, 67)))
    attempt(lambda: datagrams(socket.AF_INET6, 546).sendto(b"smuggled by dhcpv6", (ipv6, 547)))
    attempt(lambda: send_icmp(143, 64, b"smuggled by mld", ipv6))
    attempt(lambda: send_icmp(135, 255, b"smuggled by a solicitation", ipv6))
    attempt(lambda: send_icmp(136, 255, b"smuggled by an advertisement", ipv6))
    attempt(lambda: datagrams(socket.AF_INET, 68).sendto(b"smuggled to everybody", (broadcast, 67)))
