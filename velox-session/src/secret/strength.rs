//! Which secrets are no secrets: repeats and placeholders.
//!
//! Nothing here estimates entropy. A rule is taken up only if no key drawn at random, in hexadecimal digits or
//! base64, is ever refused by it.

/// Whether the bytes are a short piece over and over (`abababab…`), or consist of very few different ones.
pub(crate) fn is_repeat(material: &[u8]) -> bool {
    // A piece twice, with a separator between, ends one short of its second period.
    let periodic =
        (1..=material.len().div_ceil(2)).any(|period| material[period..] == material[..material.len() - period]);
    let mut seen = [false; 256];
    for byte in material {
        seen[usize::from(*byte)] = true;
    }
    periodic || seen.iter().filter(|seen| **seen).count() < MIN_DIFFERENT
}

/// Whether the bytes are the text of an example: they say so, and have next to nothing beside such words; or they are
/// nothing but runs along the alphabet and the digits.
pub(crate) fn is_placeholder(material: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(material) else { return false };
    let text = text.to_ascii_lowercase();
    let says_so =
        OPENINGS.iter().any(|opening| text.starts_with(opening)) || PHRASES.iter().any(|phrase| text.contains(phrase));
    (says_so && characters_beside(text.as_bytes(), word_length) < MIN_BESIDE)
        || characters_beside(text.as_bytes(), |_| 0) == 0
}

/// How many letters and digits are in neither a run nor something whose length `known` tells.
fn characters_beside(mut text: &[u8], known: impl Fn(&[u8]) -> usize) -> usize {
    let mut beside = 0;
    while let Some((first, tail)) = text.split_first() {
        let length = known(text).max(run_length(text));
        if length > 0 {
            text = &text[length..];
        } else {
            beside += usize::from(first.is_ascii_alphanumeric() || !first.is_ascii());
            text = tail;
        }
    }
    beside
}

fn word_length(text: &[u8]) -> usize {
    WORDS.iter().filter(|word| text.starts_with(word.as_bytes())).map(|word| word.len()).max().unwrap_or(0)
}

/// Length of the run that the text starts with, if it is four or more characters long: `1234`, `abcd`, `aaaa`.
fn run_length(text: &[u8]) -> usize {
    let run = |step: u8| {
        let steps = text.windows(2).take_while(|pair| {
            pair[1].is_ascii_alphanumeric()
                && (pair[0].checked_add(step) == Some(pair[1]) || (pair == b"90" && step == 1))
        });
        steps.count() + 1
    };
    Some(run(0).max(run(1))).filter(|length| *length >= 4).unwrap_or(0)
}

/// A random text of 32 bytes has far more than this beside any words.
const MIN_BESIDE: usize = 8;

/// 32 random bytes, also as hexadecimal digits, have more different ones than this but for once in 10^18 times.
const MIN_DIFFERENT: usize = 8;

/// How placeholders begin.
const OPENINGS: &[&str] = &[
    "<",
    "default",
    "example",
    "fixme",
    "insecure",
    "insert",
    "keyboard",
    "my-secret",
    "my_secret",
    "mysecret",
    "passphrase",
    "password",
    "please",
    "put",
    "replace",
    "secret",
    "super",
    "todo",
    "xxx",
    "your",
];

/// What placeholders say wherever in them.
const PHRASES: &[&str] = &[
    "change me",
    "change this",
    "change-in",
    "change-it",
    "change-me",
    "change-this",
    "change_in",
    "change_it",
    "change_me",
    "change_this",
    "changeit",
    "changeme",
    "changethis",
    "placeholder",
    "replace-me",
    "replace_me",
    "replaceme",
    "your secret",
    "your-secret",
    "your_secret",
    "yoursecret",
];

/// What else placeholders consist of. No word consists of hexadecimal digits alone.
const WORDS: &[&str] = &[
    "admin",
    "and",
    "asdf",
    "at",
    "auth",
    "before",
    "bytes",
    "cat",
    "change",
    "changeit",
    "characters",
    "chars",
    "cookie",
    "default",
    "demo",
    "dev",
    "development",
    "dummy",
    "enter",
    "env",
    "example",
    "fake",
    "fixme",
    "foo",
    "for",
    "generate",
    "here",
    "hmac",
    "in",
    "insecure",
    "insert",
    "is",
    "it",
    "jwt",
    "key",
    "keyboard",
    "least",
    "letmein",
    "like",
    "local",
    "long",
    "me",
    "minimum",
    "must",
    "my",
    "not",
    "only",
    "or",
    "paste",
    "passphrase",
    "password",
    "passwd",
    "placeholder",
    "please",
    "private",
    "prod",
    "production",
    "put",
    "qwerty",
    "qwertyuiop",
    "random",
    "replace",
    "sample",
    "secret",
    "session",
    "sign",
    "signing",
    "some",
    "something",
    "string",
    "strong",
    "super",
    "test",
    "testing",
    "the",
    "this",
    "to",
    "todo",
    "token",
    "use",
    "value",
    "very",
    "with",
    "xxx",
    "you",
    "your",
    "zxcv",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found() {
        for text in [
            "changeme-changeme-changeme-please",
            "secret-secret-secret-secret-secre",
            "your-secret-here-at-least-32-characters-long",
            "your_super_secret_session_key_123456",
            "CHANGE_ME_IN_PRODUCTION_0123456789",
            "this-is-a-secret-key-change-it-in-production",
            "secret0123456789secret01234567890",
            "please replace this with a strong random string",
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "password-password-password-1234567890",
            "my-secret-for-development-and-test-only",
        ] {
            assert!(is_placeholder(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn repeats_are_found() {
        for text in [
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abababababababababababababababab",
            "0123456789012345678901234567890123456789",
            "keyboard cat keyboard cat keyboard cat",
            "aaaaaaaabbbbbbbbccccccccdddddddd",
            "your-256-bit-secret-your-256-bit-secret",
        ] {
            assert!(is_repeat(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn secrets_with_something_of_their_own_pass() {
        for text in [
            "conformance-session-secret-0123456789",
            "a development secret of 32 bytes or more",
            "test-secret-that-is-at-least-32-bytes-long",
            "development-secret-0123456789abcdef",
            "secret-k7Qv-Zp2Lx9_Rw4Tn8Hs3Jd6Fg1Bm",
            "correct horse battery staple tr0ub4dor",
            "0123456789abcdef0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        ] {
            assert!(!is_placeholder(text.as_bytes()) && !is_repeat(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn no_word_is_made_of_hexadecimal_digits() {
        assert!(WORDS.iter().all(|word| word.bytes().any(|byte| !byte.is_ascii_hexdigit())));
    }
}
