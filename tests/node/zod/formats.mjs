// Makes strings of formats from parts. Some are valid, some are not.

import { between, hex, padded, pick } from "./generate.mjs";

const LOCALS = [
  "ada", "a", "A.B", "x_y", "a+b", "a-b", "o'neil", "1", "a.b.c", "a..b", ".a", "a.", "ä", "a b", "a!", "_", "-", "+",
  "a-", "a+", "😀", "\"a\"", "",
];
const DOMAINS = [
  "example.com", "b.co", "EXAMPLE.ORG", "a-b.io", "a.b.c.de", "1.2", "localhost", "b.c", "b.c1", "b.1c", "-b.com",
  "b-.com", "b_c.com", "exämple.de", "[1.2.3.4]", "[::1]", "1.2.3.4", "b..c", "b.com.", "b.c-d", "",
];
const SCHEMES = [
  "http://", "https://", "HTTP://", "ftp://", "ws://", "file://", "foo://", "foo:", "http:", "mailto:", "//", "",
  "http:/", "http:///", "1a://", "ä://",
];
const HOSTS = [
  "example.com", "a.b.c", "localhost", "1.2.3.4", "256.1", "0x1", "[::1]", "[1:2]", "exämple.de", "a_b", "a b",
  "a%20b", "xn--a", "xn--mnchen-3ya.de", "u:p@h.de", "@h", "h:80", "h:99999", "h:", "h:x", "", ".", "a..b", "😀.de",
  "a<b", "a|b", "A.B",
];
const TAILS = [
  "", "/", "/a/b", "/a b", "?q=1", "?q=a b", "#f", "/%zz", "/ä", "/\\", "/..", "/[", "/😀", " ", "\n", "/\0",
];

export const makeEmail = (random) => `${pick(random, LOCALS)}@${pick(random, DOMAINS)}`;

export const makeUrl = (random) => pick(random, SCHEMES) + pick(random, HOSTS) + pick(random, TAILS);

export function makeUuid(random) {
  const uuid = [8, 4, 4, 4, 12].map((count) => hex(random, count)).join("-");
  return pick(random, [
    uuid, uuid.toUpperCase(), uuid.replaceAll("-", ""), `{${uuid}}`, `urn:uuid:${uuid}`, uuid.slice(1), `${uuid}0`,
    uuid.replace("-", "_"),
  ]);
}

export function makeTime(random) {
  const day = makeDate(random);
  const time = `${padded(between(random, 0, 24))}:${padded(between(random, 0, 60))}:${padded(between(random, 0, 60))}`;
  const fraction = pick(random, ["", "", ".5", ".123", ".123456", ".123456789", ".1234567890", ",5", "."]);
  const hours = padded(between(random, 0, 24));
  const zone = pick(random, [
    "Z", "Z", "Z", "z", "", `+${hours}:30`, `-${hours}:00`, `+${hours}00`, `-${hours}`, "+00:00", "-00:00", "+5:00",
    " Z", "[UTC]",
  ]);
  return `${day}${pick(random, ["T", "T", "T", "t", " ", "_", ""])}${time}${fraction}${zone}`;
}

export function makeDate(random) {
  const year = pick(random, [2020, 2019, 2000, 1900, 2100, 1970, 1, 9999, between(random, 0, 9999)]);
  return `${padded(year, 4)}-${padded(between(random, 1, 12))}-${padded(between(random, 1, 31))}`;
}

export function makeIp(random) {
  const parts = (count, of) => Array.from({ length: count }, () => pick(random, of));
  const four = () => parts(4, pick(random, [FOURS, FOURS, FOURS.slice(0, 6)])).join(".");
  const six = (low, high = low) => parts(between(random, low, high), SIXES).join(":");
  return pick(random, [
    four,
    four,
    () => six(8),
    () => six(6, 9),
    () => `${six(1, 4)}::${six(1, 4)}`,
    () => `::${six(2)}`,
    () => `${six(3)}::`,
    () => `::ffff:${four()}`,
    () => `${six(6)}:${four()}`,
  ])();
}

const FOURS = ["0", "1", "10", "99", "192", "255", "256", "01"];
const SIXES = ["0", "1", "db8", "FFFF", "0001", "abcd"];
