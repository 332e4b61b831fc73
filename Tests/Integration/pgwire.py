"""A PostgreSQL client that says exactly what it is told, for what libpq never says or hides.

Row limits on Execute, Flush without Sync, bytes that arrive one at a time and half a conversation
are legal, and drivers in other languages do all of it.
"""

import socket
import struct

PROTOCOL_3 = 196608
SSL_REQUEST = 80877103
GSSENC_REQUEST = 80877104
CANCEL_REQUEST = 80877102


def request(code, body=b""):
    """A message of the first phase, which has no type byte."""
    return struct.pack("!ii", len(body) + 8, code) + body


def message(kind, body=b""):
    return kind + struct.pack("!i", len(body) + 4) + body


def text(value):
    return value.encode() + b"\0"


def startup(user="streamhouse", database="streamhouse", **options):
    settings = {"user": user, "database": database, **options}
    return request(PROTOCOL_3, b"".join(text(k) + text(v) for k, v in settings.items()) + b"\0")


def query(sql):
    return message(b"Q", text(sql))


def parse(sql, name="", parameter_types=()):
    types = struct.pack(f"!h{len(parameter_types)}i", len(parameter_types), *parameter_types)
    return message(b"P", text(name) + text(sql) + types)


def bind(portal="", statement="", values=(), formats=(), result_formats=()):
    """Values are bytes or None; formats are 0 for text and 1 for binary."""
    body = text(portal) + text(statement)
    body += struct.pack(f"!h{len(formats)}h", len(formats), *formats)
    body += struct.pack("!h", len(values))
    for value in values:
        body += struct.pack("!i", -1) if value is None else struct.pack("!i", len(value)) + value
    return message(b"B", body + struct.pack(f"!h{len(result_formats)}h", len(result_formats),
                                            *result_formats))


def describe(kind, name=""):
    """`kind` is b"S" for a statement, b"P" for a portal."""
    return message(b"D", kind + text(name))


def execute(portal="", limit=0):
    return message(b"E", text(portal) + struct.pack("!i", limit))


def close(kind, name=""):
    return message(b"C", kind + text(name))


SYNC = message(b"S")
FLUSH = message(b"H")
TERMINATE = message(b"X")


def row_values(body):
    """The values of a DataRow as bytes, None for NULL."""
    count, at, values = struct.unpack_from("!h", body)[0], 2, []
    for _ in range(count):
        length = struct.unpack_from("!i", body, at)[0]
        at += 4
        values.append(None if length < 0 else body[at:at + length])
        at += max(length, 0)
    return values


def fields(body):
    """The fields of an ErrorResponse or NoticeResponse by their letters."""
    return {part[:1].decode(): part[1:].decode() for part in body.split(b"\0") if part}


class Wire:
    """A connection of raw messages; every read has the socket's deadline."""

    def __init__(self, server, log_in=True, timeout=20):
        self.socket = socket.create_connection((server.host, server.pg_port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.parameters, self.key = {}, None
        if log_in:
            self.send(startup())
            self.greeting()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, *messages):
        self.socket.sendall(b"".join(messages))

    def drip(self, *messages):
        """Sends one byte at a time, each in a packet of its own as far as the kernel agrees."""
        for byte in b"".join(messages):
            self.socket.sendall(bytes([byte]))

    def receive_bytes(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise EOFError("the server closed the connection")
            data += piece
        return data

    def receive(self):
        """(type, body) of the next message."""
        kind = self.receive_bytes(1)
        return kind, self.receive_bytes(struct.unpack("!i", self.receive_bytes(4))[0] - 4)

    def receive_until(self, *last):
        """All messages up to and with the first whose type is one of `last`."""
        messages = [self.receive()]
        while messages[-1][0] not in last:
            messages.append(self.receive())
        return messages

    def greeting(self):
        """Reads what follows a startup message and keeps parameters and cancel key."""
        messages = self.receive_until(b"Z", b"E")
        for kind, body in messages:
            if kind == b"S":
                name, value = body[:-1].split(b"\0")
                self.parameters[name.decode()] = value.decode()
            elif kind == b"K":
                self.key = struct.unpack("!ii", body)
        return messages

    def is_closed_by_server(self):
        """True once the server has ended the connection; waits for it up to the deadline."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def kinds(messages):
    """The types of messages as one string, for comparing a whole conversation at once."""
    return b"".join(kind for kind, _ in messages).decode()
