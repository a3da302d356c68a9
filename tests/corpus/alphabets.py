"""Random text by alphabet, and the checksums that some issuers put at the end of a credential.

Everything is drawn from one seeded generator, so that a run can be repeated. Nothing here comes
from, or is shared with, the rules under test.
"""
import base64
import json
import string
import zlib

DIGITS = string.digits
HEX = "0123456789abcdef"
LOWER = string.ascii_lowercase + string.digits
UPPER = string.ascii_uppercase + string.digits
ALNUM = string.ascii_letters + string.digits
BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
URLSAFE = ALNUM + "-_"
STANDARD = ALNUM + "+/"
BASE32 = string.ascii_uppercase + "234567"
PUNCTUATED = ALNUM + "!#%*+-.=?^_~"


class Maker:
    def __init__(self, random):
        self.random = random

    def run(self, alphabet, count):
        return "".join(self.random.choice(alphabet) for _ in range(count))

    def mixed(self, alphabet, count):
        """A run with at least one digit and one letter, as generators of passwords promise."""
        while True:
            text = self.run(alphabet, count)
            if any(c.isdigit() for c in text) and any(c.isalpha() for c in text):
                return text

    def between(self, low, high):
        return self.random.randint(low, high)

    def pick(self, values):
        return self.random.choice(values)

    def octets(self, count):
        return bytes(self.random.getrandbits(8) for _ in range(count))

    def uuid(self):
        return "-".join(self.run(HEX, n) for n in (8, 4, 4, 4, 12))


def base62(number, width):
    text = ""
    for _ in range(width):
        number, rest = divmod(number, 62)
        text = BASE62[rest] + text
    return text


def with_crc62(prefix, body):
    """GitHub's and npm's form: six base-62 characters of the CRC32 of the random part."""
    return prefix + body + base62(zlib.crc32(body.encode()), 6)


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def b64url(data):
    return b64(data).rstrip("=").replace("+", "-").replace("/", "_")


def jwt(make, claims, algorithm="HS256"):
    size = 32 if algorithm == "HS256" else 256
    return ".".join([b64url(json.dumps({"alg": algorithm, "typ": "JWT"}, separators=(",", ":"))),
                     b64url(json.dumps(claims, separators=(",", ":"))),
                     b64url(make.octets(size))])


def bech32(prefix, data):
    """BIP 173 over 5-bit groups of `data`."""
    table = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    groups, held, bits = [], 0, 0
    for byte in data:
        held, bits = (held << 8) | byte, bits + 8
        while bits >= 5:
            bits -= 5
            groups.append((held >> bits) & 31)
    if bits:
        groups.append((held << (5 - bits)) & 31)

    def checksum(values):
        sum_ = 1
        for value in values:
            top = sum_ >> 25
            sum_ = (sum_ & 0x1FFFFFF) << 5 ^ value
            for i, part in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                sum_ ^= part if top >> i & 1 else 0
        return sum_

    expanded = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    rest = checksum(expanded + groups + [0] * 6) ^ 1
    return prefix + "1" + "".join(table[g] for g in groups + [rest >> 5 * (5 - i) & 31 for i in range(6)])
