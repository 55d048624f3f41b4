//! The secrets that sign cookies. A secret has at least 32 bytes, is not a placeholder, and is
//! wiped from memory when dropped.

use std::fmt;

use data_encoding::{BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD, Encoding, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

/// A secret key that signs session cookies.
///
/// # Examples
///
/// ```
/// use velox_session::Secret;
///
/// assert!(Secret::new("your-secret-here-your-secret-here-your-secret-here").is_err());
/// assert!(Secret::from_hex("7b1f6e9c04d2a85f3ce8b1970a6d4f2e9b83c5d1e07f4a62b8d90c3f5e1a7264").is_ok());
/// ```
///
/// # Security
///
/// `Debug` hides the key, and `Display` is not implemented.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Returns a secret that consists of these bytes. The bytes are used as they are; hex and
    /// base64 are not decoded. VeloxTS does the same, so use this function for a secret that you
    /// share with a VeloxTS service, even if the secret looks encoded.
    ///
    /// # Errors
    ///
    /// The secret has fewer than 32 bytes, repeats something short, or is a placeholder such as
    /// `changeme-changeme-…`.
    pub fn new(material: impl AsRef<[u8]>) -> Result<Self, SecretError> {
        Self::checked(Zeroizing::new(material.as_ref().to_vec()))
    }

    /// Returns a secret from hexadecimal digits.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`new`](Self::new) for the decoded bytes, and an error if `text`
    /// is not hexadecimal.
    pub fn from_hex(text: &str) -> Result<Self, SecretError> {
        Self::decoded(text, &[HEXLOWER_PERMISSIVE])
    }

    /// Returns a secret from base64 with either alphabet, with or without padding.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`new`](Self::new) for the decoded bytes, and an error if `text`
    /// is not base64.
    pub fn from_base64(text: &str) -> Result<Self, SecretError> {
        Self::decoded(text, &[BASE64, BASE64_NOPAD, BASE64URL, BASE64URL_NOPAD])
    }

    /// Returns a new random secret. Sessions that it signs end when the process ends.
    ///
    /// # Errors
    ///
    /// The random source of the system failed.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(velox_session::Secret::generate().is_ok());
    /// ```
    pub fn generate() -> Result<Self, SecretError> {
        let mut material = Zeroizing::new(vec![0; MIN_LENGTH]);
        getrandom::fill(&mut material).map_err(|source| SecretError::Random { source })?;
        Self::checked(material)
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Returns a secret from a string in one of these encodings.
    fn decoded(text: &str, encodings: &[Encoding]) -> Result<Self, SecretError> {
        // All attempts share one buffer. An attempt that fails half-way leaves part of the secret
        // behind, which is wiped with the rest.
        let mut material = Zeroizing::new(vec![0; text.len()]);
        let decode = |encoding: &Encoding| {
            let length = encoding.decode_len(text.len()).ok()?;
            encoding.decode_mut(text.as_bytes(), &mut material[..length]).ok()
        };
        let length = encodings.iter().find_map(decode).ok_or(SecretError::Encoding)?;
        material.truncate(length);
        Self::checked(material)
    }

    fn checked(material: Zeroizing<Vec<u8>>) -> Result<Self, SecretError> {
        if material.len() < MIN_LENGTH {
            return Err(SecretError::TooShort { length: material.len() });
        }
        if is_repeat(&material) {
            return Err(SecretError::Repeats);
        }
        if is_placeholder(&material) {
            return Err(SecretError::Placeholder);
        }
        Ok(Self(material))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// The reason why a secret is rejected. It reveals nothing of the secret but its length.
///
/// # Examples
///
/// ```
/// use velox_session::Secret;
/// use velox_session::secret::SecretError;
///
/// assert!(matches!(Secret::new("short"), Err(SecretError::TooShort { length: 5, .. })));
/// ```
#[derive(Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The secret has fewer than 32 bytes.
    #[error("the secret has {length} bytes but needs at least {MIN_LENGTH}: make one with `openssl rand -hex 32`")]
    #[non_exhaustive]
    TooShort {
        /// The number of bytes of the secret.
        length: usize,
    },
    /// The secret repeats something short, or has very few different bytes.
    #[error("the secret repeats itself: make one with `openssl rand -hex 32`")]
    Repeats,
    /// The secret is a placeholder from an example. Replace it with your own.
    #[error("the secret is a placeholder: make one with `openssl rand -hex 32`")]
    Placeholder,
    /// The string does not have the expected encoding.
    #[error("the secret does not have the expected encoding")]
    Encoding,
    /// The random source of the system failed.
    #[error("the random source of the system is unavailable")]
    #[non_exhaustive]
    Random {
        /// The error of the system.
        source: getrandom::Error,
    },
}

impl fmt::Debug for SecretError {
    /// Prints the same text as `Display`, because a `main` that returns this error prints its
    /// `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A list of secrets. The first one signs, and all of them verify.
///
/// You can make it from one secret or from several. Strings are checked as in [`Secret::new`], and
/// building the middleware reports the invalid ones. To replace a secret without logging anybody
/// out, put the new one first, and keep the old one until the last session that it signed has
/// ended.
///
/// # Examples
///
/// ```
/// use velox_session::session_middleware;
///
/// let rotated = ["the new secret, which has over 32 bytes", "the old secret, which has over 32 bytes"];
/// let builder = session_middleware(rotated);
/// # let _ = builder;
/// ```
#[derive(Clone, Debug)]
pub struct Secrets(Vec<Result<Secret, SecretError>>);

impl Secrets {
    /// Returns the first secret and the older ones, or the error of each.
    pub(crate) fn into_vec(self) -> Vec<Result<Secret, SecretError>> {
        self.0
    }
}

impl From<Secret> for Secrets {
    fn from(secret: Secret) -> Self {
        Self(vec![Ok(secret)])
    }
}

impl From<&str> for Secrets {
    fn from(text: &str) -> Self {
        Self(vec![Secret::new(text)])
    }
}

impl From<String> for Secrets {
    fn from(text: String) -> Self {
        Self::from(Zeroizing::new(text).as_str())
    }
}

impl<T: Into<Secrets>> From<Vec<T>> for Secrets {
    fn from(ring: Vec<T>) -> Self {
        Self(ring.into_iter().flat_map(|secret| secret.into().0).collect())
    }
}

impl<T: Into<Secrets>, const N: usize> From<[T; N]> for Secrets {
    fn from(ring: [T; N]) -> Self {
        Self(ring.into_iter().flat_map(|secret| secret.into().0).collect())
    }
}

/// Returns whether the bytes repeat a short piece (`abababab…`), ignoring a few bytes at the end,
/// or consist of very few different ones.
fn is_repeat(material: &[u8]) -> bool {
    let body = &material[..material.len() - LOOSE_END];
    let is_periodic = (1..=material.len().div_ceil(2)).any(|period| body[period..] == body[..body.len() - period]);
    let mut seen = [false; 256];
    material.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    is_periodic || seen.iter().filter(|seen| **seen).count() < MIN_DIFFERENT
}

/// Returns whether the bytes contain one of the phrases of examples, in any case and with any
/// characters between the words.
fn is_placeholder(material: &[u8]) -> bool {
    let letters = material.iter().filter(|byte| byte.is_ascii_alphanumeric());
    let text: Zeroizing<Vec<u8>> = Zeroizing::new(letters.map(u8::to_ascii_lowercase).collect());
    PLACEHOLDERS.iter().any(|phrase| memchr::memmem::find(&text, phrase.as_bytes()).is_some())
}

const MIN_LENGTH: usize = 32;

/// The number of bytes at the end that are ignored. A phrase that was repeated by hand until it was
/// long enough may end half-way, or with other characters.
const LOOSE_END: usize = 2;

/// The number of different bytes that a secret needs. 32 random bytes have more, even as
/// hexadecimal digits, except once in 10^18 times.
const MIN_DIFFERENT: usize = 8;

/// Phrases of secrets in examples. Each has at least eight characters, not all of them hexadecimal
/// digits. A hexadecimal key therefore contains none of them, and a random base64 key contains one
/// less than once in 10^9 times.
const PLACEHOLDERS: [&str; 24] = [
    "abcdefghijkl",
    "changein",
    "changeit",
    "changeme",
    "changethis",
    "defaultsecret",
    "examplesecret",
    "insecure",
    "inproduction",
    "keyboardcat",
    "mysecret",
    "notasecret",
    "passwordpassword",
    "placeholder",
    "replaceme",
    "replacethis",
    "replacewith",
    "secretgoeshere",
    "secrethere",
    "secretkeyhere",
    "supersecret",
    "yoursecret",
    "yoursession",
    "yoursuper",
];

#[cfg(test)]
mod tests {
    use zeroize::ZeroizeOnDrop;

    use super::*;

    #[test]
    fn thirty_two_bytes_are_enough_and_thirty_one_are_not() {
        let text = "k7Qv-Zp2Lx9_Rw4Tn8Hs3Jd6Fg1Bm5Ya";
        assert!(Secret::new(text).is_ok());
        assert!(matches!(Secret::new(&text[1..]), Err(SecretError::TooShort { length: 31, .. })));
    }

    #[test]
    fn the_length_of_the_decoded_key_counts() {
        assert!(matches!(Secret::from_hex(&"0f".repeat(16)), Err(SecretError::TooShort { length: 16, .. })));
        assert!(matches!(Secret::from_base64("AAECAwQFBgcICQoLDA0ODw=="), Err(SecretError::TooShort { .. })));
    }

    #[test]
    fn good_random_secrets_are_never_refused() {
        for _ in 0..2_000 {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).expect("entropy");
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let texts = [BASE64.encode(&bytes), BASE64URL_NOPAD.encode(&bytes), hex.clone(), hex.to_uppercase()];
            for text in &texts {
                assert!(Secret::new(text).is_ok(), "refused {text}");
            }
            for secret in [
                Secret::from_base64(&texts[0]),
                Secret::from_base64(&texts[1]),
                Secret::from_hex(&hex),
                Secret::new(bytes),
            ] {
                assert_eq!(secret.expect("a good secret").as_bytes(), bytes);
            }
        }
    }

    #[test]
    fn weak_secrets_are_refused_in_every_encoding() {
        let bytes = b"changeme-changeme-changeme-changeme";
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(matches!(Secret::new(bytes), Err(SecretError::Repeats | SecretError::Placeholder)));
        assert!(Secret::from_hex(&hex).is_err());
        assert!(Secret::from_base64(&BASE64.encode(bytes)).is_err());
        assert!(Secret::from_hex(&"00".repeat(32)).is_err());
        assert!(matches!(Secret::from_hex("0g"), Err(SecretError::Encoding)));
        assert!(matches!(Secret::from_hex("0"), Err(SecretError::Encoding)));
        assert!(matches!(Secret::from_base64("a b"), Err(SecretError::Encoding)));
    }

    #[test]
    fn placeholders_and_repeats_are_refused() {
        for text in [
            "changeme-changeme-changeme-please",
            "your-secret-here-at-least-32-characters-long",
            "your_super_secret_session_key_123456",
            "CHANGE_ME_IN_PRODUCTION_0123456789",
            "this-is-a-secret-key-change-it-in-production",
            "please replace this with a strong random string",
            "abcdefghijklmnopqrstuvwxyz0123456789",
            "password-password-password-1234567890",
            "my-secret-for-development-and-test-only",
        ] {
            assert!(matches!(Secret::new(text), Err(SecretError::Placeholder)), "{text}");
        }
        for text in [
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abababababababababababababababab",
            "0123456789012345678901234567890123456789",
            "secret-secret-secret-secret-secre",
            "secret0123456789secret01234567890",
            "keyboard cat keyboard cat keyboard cat",
            "aaaaaaaabbbbbbbbccccccccdddddddd",
            "your-256-bit-secret-your-256-bit-secret",
        ] {
            assert!(matches!(Secret::new(text), Err(SecretError::Repeats)), "{text}");
        }
    }

    #[test]
    fn secrets_with_enough_variety_pass() {
        for text in [
            "conformance-session-secret-0123456789",
            "a development secret of 32 bytes or more",
            "test-secret-that-is-at-least-32-bytes-long",
            "development-secret-0123456789abcdef",
            "secret-k7Qv-Zp2Lx9_Rw4Tn8Hs3Jd6Fg1Bm",
            "correct horse battery staple tr0ub4dor",
            "0123456789abcdef0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        ] {
            assert!(Secret::new(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_key_in_hexadecimal_digits_or_base64_holds_no_placeholder() {
        for phrase in PLACEHOLDERS {
            assert!(phrase.len() >= 8 && phrase.bytes().any(|byte| !byte.is_ascii_hexdigit()), "{phrase}");
        }
    }

    #[test]
    fn debug_and_errors_hide_the_secret() {
        let secret = Secret::new("k7Qv-Zp2Lx9_Rw4Tn8Hs3Jd6Fg1Bm5Ya").expect("a good secret");
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!(format!("{:?}", Secrets::from(secret)), "Secrets([Ok(Secret(..))])");
        assert_eq!(
            Secret::new("hunter2").expect_err("short").to_string(),
            "the secret has 7 bytes but needs at least 32: make one with `openssl rand -hex 32`"
        );
    }

    #[test]
    fn the_material_of_a_secret_is_wiped_when_it_is_dropped() {
        fn wiped<T: ZeroizeOnDrop>(_: &T) {}
        wiped(&Secret::new("k7Qv-Zp2Lx9_Rw4Tn8Hs3Jd6Fg1Bm5Ya").expect("a good secret").0);
    }

    #[test]
    fn a_ring_reports_each_bad_secret() {
        let ring = Secrets::from(["short", "k7Qv-Zp2Lx9_Rw4Tn8Hs3Jd6Fg1Bm5Ya", "tiny"]);
        assert_eq!(ring.into_vec().iter().map(Result::is_err).collect::<Vec<_>>(), [true, false, true]);
    }
}
