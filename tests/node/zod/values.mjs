// The values that zod.mjs starts with: strings, JSON texts, and query strings. Each list has the
// edge cases of its rules.

/** Characters that a mutation inserts into a string. */
export const ODD = [
  " ", "\t", "\n", "\r", "\v", "\f", "\0", "\u007f", "\u0085", "\u00a0", "\u00ad", "\u1680", "\u180e", "\u2003",
  "\u200b", "\u2028", "\u2029", "\u202e", "\u202f", "\u205f", "\u3000", "\ufeff", "\ufffd", "é", "e\u0301", "ß", "ẞ",
  "İ", "ı", "ſ", "\u212a", "Σ", "ς", "ǆ", "ﬁ", "٣", "３", "中", "한", "א", "😀", "👩‍👩‍👧", "🇩🇪", "𝒜", "𝟛", "\u{10ffff}",
  "_", "-", "+", ".", "..", "@", ":", "/", "\\", "\"", "'", "%", "%20", "#", "?", "&", "=", ";", ",", "<", ">", "[",
  "]", "{", "}", "(", ")", "|", "^", "`", "~", "!", "$", "*", "0", "9", "a", "Z", "T", "z",
];

/** JSON texts of every type, for rules that accept only one. */
export const OTHERS = [
  "null", "true", "false", "0", "1", "-1", "1.5", "1e3", '""', '"x"', '"5"', '"true"', '"null"', "[]", "[null]",
  '["x"]', "[1]", "[[]]", "{}", '{"v":1}', '{"v":"x"}', '{"length":3}', '{"0":"x"}',
];

/** JSON texts of numbers, because their spelling matters. */
export const NUMBERS = [
  "0", "-0", "0.0", "-0.0", "0e5", "1", "-1", "1.0", "-1.0", "1e0", "1E0", "10e-1", "100e-2", "1.5", "-1.5", "0.5",
  "0.1", "0.30000000000000004", "127", "128", "-128", "-129", "255", "256", "255.0", "256.0", "32767", "32768",
  "65535", "65536", "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296",
  "9007199254740991", "9007199254740992", "9007199254740993", "-9007199254740993", "9223372036854774784",
  "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854777856",
  "18446744073709549568", "18446744073709551615", "18446744073709551616", "1e18", "1e19", "1e20", "1e21", "1e22",
  "1e100", "1e300", "-1e300", "1.7976931348623157e308", "5e-324", "1e-400", "-1e-400", "1e-7", "0.0000001",
  "0.000001", "123456789.123456789", "0.9999999999999999", "1.0000000000000002", "0.99999999999999999",
  "1.00000000000000001", "4.99999999999999999", "100000000000000000000000", "1e400", "-1e400", "1e-2147483649",
];

/** Strings of every length, in characters and in UTF-16 code units. */
export const WORDS = [
  "", "a", "ab", "abc", "abcd", "abcde", "abcdef", "hello world", "😀", "😀😀", "😀😀😀", "a😀", "ab😀", "é", "e\u0301",
  "e\u0301e\u0301", "ééééé", "👩‍👩‍👧", "🇩🇪", "中文", "中文字符集", "\u200b\u200b", "\0", "\0\0\0", "12345", "1234", "123456",
  " a ", "\u2028\u2029", "\n\n\n", "𝒜𝒜", "\u{10ffff}",
];

export const EMAILS = [
  "ada@example.com", "a@b.co", "a@b", "a@localhost", "ada.lovelace@example.co.uk", "ada+tag@example.com",
  "ada_l@example.com", "a-b@c-d.com", "'o@example.com", "o'neil@example.com", "a.@b.com", ".a@b.com", "a..b@c.com",
  "a@-b.com", "a@b-.com", "a@b..com", "a@.com", "a@b.c", "a@b.c1", "a@1.2.3.4", "a@[1.2.3.4]", "a@[IPv6:::1]",
  "\"quoted\"@example.com", "\"a b\"@example.com", "a b@c.com", "a@b c.com", "a@@b.com", "@b.com", "a@", "@", "a",
  "ä@example.com", "a@exämple.com", "a@例え.jp", "a@xn--exmple-cua.com", "用户@example.com", "a@example.COM",
  "A@EXAMPLE.COM", "a!b@c.com", "a#b@c.com", "a$b@c.com", "a%b@c.com", "a&b@c.com", "a*b@c.com", "a/b@c.com",
  "a=b@c.com", "a?b@c.com", "a^b@c.com", "a`b@c.com", "a{b@c.com", "a|b@c.com", "a}b@c.com", "a~b@c.com", "a,b@c.com",
  "a;b@c.com", "a:b@c.com", "a(b)@c.com", "<a@b.com>", "mailto:a@b.com", `${"x".repeat(64)}@example.com`,
  `${"x".repeat(65)}@example.com`, `a@${"x".repeat(63)}.com`, `a@${"x".repeat(64)}.com`, `a@${"x.".repeat(120)}com`,
  `a@${"x.".repeat(130)}com`, "a@b.museum", "a@b.com.", "a@b_c.com", "a_@b.com", "a-@b.com", "-a@b.com", "+a@b.com",
  "a+@b.com", "a@b.com\n", " a@b.com", "a@b.com ", "a@b.com,c@d.com", "1@2.com", "a@1.com", "_@b.com", "a@b.c-d",
  "a@b.co1", "😀@b.com",
];

export const URLS = [
  "https://example.com", "http://example.com", "http://localhost", "http://localhost:3000",
  "https://example.com/a/b?c=d#e", "ftp://example.com", "mailto:ada@example.com", "javascript:alert(1)",
  "data:text/plain,hello", "file:///etc/passwd", "about:blank", "tel:+49", "urn:isbn:1", "a:b", "x:", "x://",
  "c:/windows", "c:\\windows", "http:", "http:/", "http://", "http:///", "http:example.com", "http:/example.com",
  "http:///example.com", "//example.com", "/a/b", "example.com", "www.example.com", "example.com:80",
  "http://example.com:0", "http://example.com:65535", "http://example.com:65536", "http://example.com:",
  "http://example.com:80a", "http://a b.com", "http://example.com/a b", " http://example.com", "http://example.com ",
  "\thttp://example.com\n", "ht\ntp://example.com", "http://exa\tmple.com", "http://user:pass@example.com",
  "http://@example.com", "http://:@example.com", "http://a@b@c.com", "http://[::1]", "http://[::1]:80", "http://[::1",
  "http://[1::2::3]", "http://1.2.3.4", "http://1.2.3.256", "http://1.2.3", "http://0x7f.1", "http://999999999999",
  "http://1.2.3.4.5", "http://4294967296", "http://exämple.com", "http://例え.jp", "http://xn--exmple-cua.com",
  "http://xn--a", "http://xn--", "http://a_b.com", "http://-a.com", "http://a-.com", "http://a..b.com", "http://.com",
  "http://.", "http://..", "http://a.", "http://%41.com", "http://%zz.com", "http://%00.com", "http://a%2fb.com",
  "http://a<b.com", "http://a^b.com", "http://a|b.com", "http://ab\\c", "http:\\\\example.com", "HTTP://EXAMPLE.COM",
  "1http://a.com", "h+t.p-1://a", "ws://a", "wss://a.com/x", "http://😀.com", "http://a\u00adb.com",
  "http://\u200d.com", "http://a\u3002com", "http://１.２.３.４", "blob:http://a.com/x", "view-source:http://a",
  "non-special://a b", "non-special://a:b", "non-special://[::1]x", "web+demo:x", "http://a?b", "http://a#b",
  "http://?", "http://#", "http://a:b:c", "?", "#", `http://${"a".repeat(64)}.com`, `http://${"a.".repeat(130)}com`,
  "http://ß.com", "http://faß.de", "http://\u1e9e.de", "http://a\u0000b", "http://\ufffd.com",
];

export const UUIDS = [
  "9b2e1d8c-0d1f-4c55-8e06-1b2b3c4d5e6f", "9B2E1D8C-0D1F-4C55-8E06-1B2B3C4D5E6F",
  "9b2E1d8C-0d1f-4c55-8E06-1b2b3c4d5e6f", "00000000-0000-0000-0000-000000000000",
  "ffffffff-ffff-ffff-ffff-ffffffffffff", "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
  "018f3c5e-7b1a-7c3d-9e4f-5a6b7c8d9e0f", "9b2e1d8c-0d1f-0c55-0e06-1b2b3c4d5e6f",
  "9b2e1d8c-0d1f-fc55-fe06-1b2b3c4d5e6f", "9b2e1d8c0d1f4c558e061b2b3c4d5e6f",
  "{9b2e1d8c-0d1f-4c55-8e06-1b2b3c4d5e6f}", "urn:uuid:9b2e1d8c-0d1f-4c55-8e06-1b2b3c4d5e6f",
  "URN:UUID:9b2e1d8c-0d1f-4c55-8e06-1b2b3c4d5e6f", "9b2e1d8c-0d1f-4c55-8e06-1b2b3c4d5e6",
  "9b2e1d8c-0d1f-4c55-8e06-1b2b3c4d5e6f0", "9b2e1d8c-0d1f-4c558e06-1b2b3c4d5e6f",
  "9b2e1d8-c0d1f-4c55-8e06-1b2b3c4d5e6f", "g b2e1d8c-0d1f-4c55-8e06-1b2b3c4d5e6f",
  "9b2e1d8c_0d1f_4c55_8e06_1b2b3c4d5e6f", " 9b2e1d8c-0d1f-4c55-8e06-1b2b3c4d5e6f",
  "9b2e1d8c-0d1f-4c55-8e06-1b2b3c4d5e6f\n", "{9b2e1d8c0d1f4c558e061b2b3c4d5e6f}",
  "{9b2e1d8c-0d1f-4c55-8e06-1b2b3c4d5e6f", "",
];

export const TIMES = [
  "2020-01-01T00:00:00Z", "2020-01-01T00:00:00.123Z", "2020-01-01T00:00:00.123456789Z",
  "2020-01-01T00:00:00.1234567891Z", "2020-01-01T00:00:00.Z", "2020-01-01T00:00Z", "2020-01-01T00Z",
  "2020-01-01T00:00:00", "2020-01-01T00:00:00+02:00", "2020-01-01T00:00:00-02:00", "2020-01-01T00:00:00+0200",
  "2020-01-01T00:00:00+02", "2020-01-01T00:00:00+00:00", "2020-01-01T00:00:00-00:00", "2020-01-01T00:00:00+24:00",
  "2020-01-01T00:00:00+23:59", "2020-01-01T00:00:00+02:60", "2020-01-01t00:00:00z", "2020-01-01 00:00:00Z",
  "2020-01-01T24:00:00Z", "2020-01-01T23:60:00Z", "2020-01-01T23:59:60Z", "2020-01-01T23:59:61Z",
  "2020-06-30T23:59:60Z", "2020-02-29T00:00:00Z", "2019-02-29T00:00:00Z", "2000-02-29T00:00:00Z",
  "1900-02-29T00:00:00Z", "2020-02-30T00:00:00Z", "2020-04-31T00:00:00Z", "2020-13-01T00:00:00Z",
  "2020-00-01T00:00:00Z", "2020-01-00T00:00:00Z", "2020-01-32T00:00:00Z", "0000-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999Z", "10000-01-01T00:00:00Z", "+010000-01-01T00:00:00Z", "-000001-01-01T00:00:00Z",
  "20-01-01T00:00:00Z", "2020-1-1T00:00:00Z", "20200101T000000Z", "2020-W01-1", "2020-001", "2020-01-01", "00:00:00Z",
  "2020-01-01T00:00:00 Z", " 2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z ", "2020-01-01T00:00:00ZZ",
  "2020-01-01T00:00:00,5Z", "2020-01-01T00:00:00[Europe/Berlin]", "2020-01-01T00:00:00Z[UTC]",
  "Wed, 01 Jan 2020 00:00:00 GMT", "1577836800", "",
];

export const DATES = [
  "2020-01-01", "2020-02-29", "2019-02-29", "2000-02-29", "1900-02-29", "2020-02-30", "2020-04-31", "2020-13-01",
  "2020-00-01", "2020-01-00", "2020-01-32", "0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "+010000-01-01",
  "-0001-01-01", "20-01-01", "2020-1-1", "20200101", "2020-001", "2020-W01-1", "2020-01-01T00:00:00Z", "2020/01/01",
  "01.01.2020", " 2020-01-01", "2020-01-01 ", "2020-01", "2020", "",
];

export const IPS = [
  "1.2.3.4", "0.0.0.0", "255.255.255.255", "256.1.1.1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.04", "1.2.3.4/24",
  "0x1.2.3.4", "1.2.3.4 ", "::", "::1", "1::", "1::2", "::ffff:1.2.3.4", "2001:db8::1", "2001:DB8::1",
  "2001:db8:0:0:0:0:0:1", "2001:db8:0:0:0:0:1", "2001:db8:0:0:0:0:0:0:1", "1::2::3", "fe80::1%eth0", "[::1]",
  "12345::", "::1.2.3.4", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4",
  "::ffff:256.1.1.1", ":", ":::", "g::", "",
];

export const ZIPS = [
  "12345", "00000", "1234", "123456", "1234a", "٣٣٣٣٣", "１２３４５", "12345\n", "\n12345", " 12345", "𝟛𝟛𝟛𝟛𝟛", "",
];

/** Strings of letters, and of characters that may count as letters. */
export const LETTERS = [
  "abc", "ab_1", "a-b", "é", "ß", "中文", "a\u0301", "٣", "_", "", "a b", "Ⅷ", "ａ", "\u200d", "a\n", "K", "\u212a", "ſ",
];

/** Strings with characters that may count as spaces. */
export const SPACES = [
  "a", "a b", "\t", "\u00a0", "\u0085", "\u180e", "\u200b", "\ufeff", "\u2028", "\u3000", "\u2003", "\v", "\x1c",
  "\x1f", "", "ab", "a\nb",
];

/** Strings that differ in case. */
export const CASED = [
  "strasse", "STRASSE", "straße", "STRAßE", "STRAẞE", "ſtrasse", "kelvin", "KELVIN", "\u212aelvin", "Kelvin", "σ",
  "ς", "Σ", "ı", "İ", "i", "I", "",
];

/** Strings with spaces around them. */
export const TRIMMED = [
  "", " ", "a", " a", "a ", " a b ", "\ta\n", "\u00a0a\u00a0", "\ufeffa\ufeff", "\u0085a\u0085", "\u180ea",
  "\u200ba\u200b", "\u2028a\u2029", "\u3000a\u3000", "\va\f", "\0a\0", "\x1ca\x1f", "\ufeff", "\u0085", "\u00a0",
  "\u1680a", "\u2003\u2009a\u202f\u205f",
];

/** Strings whose case is changed. */
export const MIXED = [
  "abc", "ABC", "aBc", "ß", "ẞ", "İ", "I", "i", "ı", "ΑΣ", "ΑΣΑ", "Σ", "ὈΔΥΣΣΕΎΣ", "ΑΣ.", "ΑΣ Β", "ΑΣ\u0301", "ﬁ",
  "ǆ", "ǅ", "Ǆ", "ŉ", "ΐ", "և", "Å", "\u212b", "\u212a", "Ⅷ", "ⓐ", "Ａ", "𐐀", "𐐨", "Ꭰ", "ꭰ", "Ა", "ა", "ῼ", "ᾳ", "Ω",
  "ſ", "é", "É", "e\u0301", "中", "1", "\u0345", "",
];

/** JSON texts of lists. */
export const LISTS = [
  "[]", '["a"]', '["a","b"]', '["a","b","c"]', '["a","b","c","d"]', '["a","b","c","d","e"]', '["a","a"]',
  '["a","a","a","a"]', '["a",1]', "[1,2,3,4]", '["a",null]', "[null,null]", '[["a"]]', '["a",["b"]]', '["",""]',
  '["a",{}]', '[{"a":1}]', "[true,false]", '["a","b","c",4]', '[1,"b",3]', '"abc"', '{"0":"a","length":1}',
  '["😀","é"]', '["é","e\u0301"]',
];

/** JSON texts of every type, as parts of lists and objects. */
export const SCALARS = [
  '"a"', '""', '"😀"', "1", "0", "-1", "1.5", "2.0", "1e3", "true", "false", "null", "[]", "{}", '["a"]', '{"a":1}',
  '"5"', '"true"',
];

/** Bodies that are not objects. */
export const WHOLE = [
  "[]", '"x"', "7", "true", "null", "[{}]", '""', "1.5", '["Ada","a@b.co"]',
  '[{"name":"Ada","emailAddress":"a@b.co"}]',
];

/** Keys of records. */
export const KEYS = [
  "a", "b", "", "A", "a.b", "a[0]", "[0]", ".", "constructor", "toString", "hasOwnProperty", "length", "é", "😀", "\0",
  "\"", " ", "x".repeat(64),
];

/** Query strings for a number. */
export const COERCED = [
  "0", "1", "-1", "+1", "1.5", "-1.5", "1.", ".5", "-.5", "+.5", ".", "+", "-", "", " ", "  1  ", "\t1\n",
  "\u00a01\u00a0", "\ufeff1", "\u20281", "\u00851", "1 2", "1,5", "1_000", "1e3", "1E3", "1e+3", "1e-3", "1e", "e1",
  "0x10", "0X1f", "-0x10", "0b11", "0o17", "010", "00", "1n", "1f", "NaN", "nan", "Infinity", "-Infinity",
  "+Infinity", "infinity", "inf", "-inf", "1e400", "-1e400", "1e-400", "5.0", "5.5", "true", "false", "null",
  "undefined", "abc", "9007199254740993", "18446744073709551615", "18446744073709551616", "4294967295", "4294967296",
  "-0", "٣", "３", "½", "Ⅷ", "[]", "[1]", "{}", "\"1\"", "0.1", "1e21", "123456789012345678901234567890", "0.0000001",
];

/** Query strings for a boolean. */
export const BOOLS = [
  "true", "false", "1", "0", "", "yes", "no", "on", "off", "TRUE", "FALSE", "True", "t", "f", " true", "null",
  "undefined", "2", "-1", "0.0",
];

/** Bodies with unpaired surrogates, which JSON can only express as escapes. */
export const HALVES = ["\\ud800", "\\udfff", "a\\ud83d", "\\ude00\\ud83d"].map((half) => `{"v":"${half}"}`);
