"""The generator of packages/core/src/random.ts (splitmix64 into xoshiro128**, Box-Muller), so that peers get the same noise."""
import math

import numpy as np

MASK64 = (1 << 64) - 1
MASK32 = (1 << 32) - 1


def mix(value: int) -> int:
    z = (value + 0x9e3779b97f4a7c15) & MASK64
    z = ((z ^ (z >> 30)) * 0xbf58476d1ce4e5b9) & MASK64
    z = ((z ^ (z >> 27)) * 0x94d049bb133111eb) & MASK64
    return z ^ (z >> 31)


def normal(seed: int, stream: int, count: int) -> np.ndarray:
    """`count` draws from N(0, 1)."""
    first = mix(mix(seed) ^ stream)
    second = mix(first)
    a, b, c, d = first >> 32, first & MASK32, second >> 32, second & MASK32

    def step():
        nonlocal a, b, c, d
        product = b * 5 & MASK32
        result = ((product << 7 | product >> 25) & MASK32) * 9 & MASK32
        shifted = b << 9 & MASK32
        c ^= a
        d ^= b
        b ^= c
        a ^= d
        c ^= shifted
        d = (d << 11 | d >> 21) & MASK32
        return result

    def uniform():
        return ((step() >> 5) * 67108864 + (step() >> 6)) / 9007199254740992

    drawn = []
    while len(drawn) < count:
        radius, angle = math.sqrt(-2 * math.log(1 - uniform())), 2 * math.pi * uniform()
        drawn += [radius * math.cos(angle), radius * math.sin(angle)]
    return np.array(drawn[:count])
