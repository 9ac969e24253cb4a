"""The JSON text of a variant, from its two binaries: written from Parquet's VariantEncoding.md alone, so that it can stand for
another reader. It spells values as src/scan/variant says."""

import base64
import datetime
import json
import math
import struct
import uuid
from decimal import Decimal

EPOCH = datetime.datetime(1970, 1, 1)


def number(data, at, size):
    return int.from_bytes(data[at : at + size], "little")


def names(metadata):
    size = (metadata[0] >> 6) + 1
    count = number(metadata, 1, size)
    offsets = [number(metadata, 1 + size * (1 + i), size) for i in range(count + 1)]
    text = metadata[1 + size * (count + 2) :]
    return [text[start:end].decode() for start, end in zip(offsets, offsets[1:])]


def real(value):
    if math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def timestamp(micros, nanos, suffix):
    time = EPOCH + datetime.timedelta(microseconds=micros)
    fraction = f"{time.microsecond:06d}{nanos:03d}"
    for shown in (0, 3, 6, 9):
        if not fraction[shown:].strip("0"):
            break
    return time.strftime("%Y-%m-%dT%H:%M:%S") + ("." + fraction[:shown] if shown else "") + suffix


class Digits(float):
    """A decimal, which json shall write with all its digits."""

    def __new__(cls, unscaled, scale):
        self = super().__new__(cls, 0)
        self.text = format(Decimal(unscaled).scaleb(-scale), "f")
        return self

    def __repr__(self):
        return self.text


def primitive(kind, data):
    signed = lambda at, size: int.from_bytes(data[at : at + size], "little", signed=True)
    if kind in (0, 1, 2):
        return (None, True, False)[kind]
    if kind in (3, 4, 5, 6):
        return signed(1, 1 << (kind - 3))
    if kind == 7:
        return real(struct.unpack_from("<d", data, 1)[0])
    if kind in (8, 9, 10):
        return Digits(signed(2, 4 << (kind - 8)), data[1])
    if kind == 11:
        return (EPOCH + datetime.timedelta(days=signed(1, 4))).date().isoformat()
    if kind in (12, 13):
        return timestamp(signed(1, 8), 0, "Z" if kind == 12 else "")
    if kind == 15:
        return base64.b64encode(data[5 : 5 + number(data, 1, 4)]).decode()
    if kind == 16:
        return data[5 : 5 + number(data, 1, 4)].decode()
    if kind in (18, 19):
        return timestamp(signed(1, 8) // 1000, signed(1, 8) % 1000, "Z" if kind == 18 else "")
    if kind == 20:
        return str(uuid.UUID(bytes=data[1:17]))
    raise ValueError(f"primitive type {kind}")


def decode(keys, data):
    header, kind = data[0] >> 2, data[0] & 3
    if kind == 0:
        return primitive(header, data)
    if kind == 1:
        return data[1 : 1 + header].decode()
    large = header >> (4 if kind == 2 else 2) & 1
    size, id_size = (header & 3) + 1, (header >> 2 & 3) + 1 if kind == 2 else 0
    count, ids = number(data, 1, 4 if large else 1), 1 + (4 if large else 1)
    offsets = ids + count * id_size
    values = offsets + (count + 1) * size
    parts = [decode(keys, data[values + number(data, offsets + i * size, size) :]) for i in range(count)]
    if kind == 3:
        return parts
    return dict(sorted(zip((keys[number(data, ids + i * id_size, id_size)] for i in range(count)), parts)))


def to_json(variant):
    value = decode(names(variant["metadata"]), variant["value"])
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
