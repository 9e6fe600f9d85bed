"""Counter-based generator; packages/autodiff/test/parity/refill.ts is its twin and gives the same bits.

element i of stream `key`:  x = mix(i * 0x9E3779B1 ^ hash(key)),  u = x / 2^32,
uniform: float32(centre + half * (2u - 1)) in double arithmetic,  integer below n: floor(u * n).
`hash` is FNV-1a over UTF-8; `mix` is the 32-bit finaliser of MurmurHash3.
"""
import numpy as np


def key_hash(key: str) -> int:
    value = 0x811C9DC5
    for byte in key.encode('utf-8'):
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def bits(key: str, start: int, stop: int) -> np.ndarray:
    x = np.arange(start, stop, dtype=np.uint64).astype(np.uint32)
    with np.errstate(over='ignore'):
        x *= np.uint32(0x9E3779B1)
        x ^= np.uint32(key_hash(key))
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x85EBCA6B)
        x ^= x >> np.uint32(13)
        x *= np.uint32(0xC2B2AE35)
        x ^= x >> np.uint32(16)
    return x


def uniform(key: str, dims, centre: float, half: float) -> np.ndarray:
    size = int(np.prod(dims, dtype=np.int64))
    out = np.empty(size, dtype=np.float32)
    step = 1 << 20
    for start in range(0, size, step):
        stop = min(size, start + step)
        u = bits(key, start, stop).astype(np.float64) / 4294967296.0
        out[start:stop] = (centre + half * (2.0 * u - 1.0)).astype(np.float32)
    return out.reshape(tuple(dims))


def integers(key: str, dims, below: int) -> np.ndarray:
    size = int(np.prod(dims, dtype=np.int64))
    u = bits(key, 0, size).astype(np.float64) / 4294967296.0
    return np.floor(u * below).astype(np.int64).reshape(tuple(dims))
