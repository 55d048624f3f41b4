//! The secrets that sign cookies: at least 32 bytes, not a placeholder, wiped from memory when dropped.

mod strength;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

/// A key that signs session cookies.
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
/// `Debug` hides the key, and there is no `Display`.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// A secret of these bytes, as they are: the text of a variable is not decoded. VeloxTS does the same, so a secret
    /// shared with a VeloxTS service goes here whatever it looks like.
    ///
    /// # Errors
    ///
    /// Fewer than 32 bytes, a repeat of something short, or a placeholder such as `changeme-changeme-…`.
    pub fn new(material: impl AsRef<[u8]>) -> Result<Self, SecretError> {
        Self::checked(Zeroizing::new(material.as_ref().to_vec()))
    }

    /// A secret written in hexadecimal digits.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), of the bytes written; or the text is not hexadecimal.
    pub fn from_hex(text: &str) -> Result<Self, SecretError> {
        let digits = text.as_bytes();
        if !digits.len().is_multiple_of(2) {
            return Err(SecretError::Encoding);
        }
        let mut material = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
        for pair in digits.chunks_exact(2) {
            let (Some(high), Some(low)) = (hex_digit(pair[0]), hex_digit(pair[1])) else {
                return Err(SecretError::Encoding);
            };
            material.push(high << 4 | low);
        }
        Self::checked(material)
    }

    /// A secret written in base64, of either alphabet, padded or not.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), of the bytes written; or the text is not base64.
    pub fn from_base64(text: &str) -> Result<Self, SecretError> {
        // One buffer for all attempts: one that fails half-way leaves material behind, which is wiped with the rest.
        let mut material = Zeroizing::new(vec![0; base64::decoded_len_estimate(text.len())]);
        let length = [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD]
            .into_iter()
            .find_map(|engine| engine.decode_slice(text, &mut material).ok())
            .ok_or(SecretError::Encoding)?;
        material.truncate(length);
        Self::checked(material)
    }

    /// A new random secret. Sessions signed with it end when the process does.
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

    fn checked(material: Zeroizing<Vec<u8>>) -> Result<Self, SecretError> {
        if material.len() < MIN_LENGTH {
            return Err(SecretError::TooShort { length: material.len() });
        }
        if strength::is_repeat(&material) {
            return Err(SecretError::Repeats);
        }
        if strength::is_placeholder(&material) {
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

/// Why something is not used as a secret. It says nothing of the secret but its length.
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
    /// It has fewer than 32 bytes.
    #[error("the secret has {length} bytes, at least {MIN_LENGTH} are needed")]
    #[non_exhaustive]
    TooShort {
        /// How many bytes it has.
        length: usize,
    },
    /// It repeats something short, or has very few different bytes.
    #[error("the secret repeats itself")]
    Repeats,
    /// It is the text of an example, to be replaced by a secret.
    #[error("the secret is a placeholder")]
    Placeholder,
    /// It is not written in the encoding that it was read in.
    #[error("the secret is not written in the encoding named")]
    Encoding,
    /// The random source of the system failed.
    #[error("the random source of the system is unavailable")]
    #[non_exhaustive]
    Random {
        /// What the system said.
        source: getrandom::Error,
    },
}

impl fmt::Debug for SecretError {
    /// As `Display`: a `main` that returns it prints it by `Debug`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A ring of secrets: the first signs, all verify.
///
/// It is made from one secret or several; texts are taken as by [`Secret::new`], and what is wrong with one of them is
/// said when the middleware is built. To replace a secret without logging anybody out, put the new one first and
/// keep the old one until the last session it signed has ended.
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
    /// The first secret and the older ones, or everything that is wrong with them.
    pub(crate) fn into_checked(self) -> Result<Vec<Secret>, Vec<SecretError>> {
        let (good, bad): (Vec<_>, Vec<_>) = self.0.into_iter().partition(Result::is_ok);
        if bad.is_empty() {
            Ok(good.into_iter().flatten().collect())
        } else {
            Err(bad.into_iter().filter_map(Result::err).collect())
        }
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

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

const MIN_LENGTH: usize = 32;

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
    fn what_is_counted_is_the_key_not_its_spelling() {
        assert!(matches!(Secret::from_hex(&"0f".repeat(16)), Err(SecretError::TooShort { length: 16, .. })));
        assert!(matches!(Secret::from_base64("AAECAwQFBgcICQoLDA0ODw=="), Err(SecretError::TooShort { .. })));
    }

    #[test]
    fn good_random_secrets_are_never_refused() {
        for _ in 0..2_000 {
            let mut bytes = [0; 32];
            getrandom::fill(&mut bytes).expect("entropy");
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let texts = [STANDARD.encode(bytes), URL_SAFE_NO_PAD.encode(bytes), hex.clone(), hex.to_uppercase()];
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
        assert!(Secret::from_base64(&STANDARD.encode(bytes)).is_err());
        assert!(Secret::from_hex(&"00".repeat(32)).is_err());
        assert!(matches!(Secret::from_hex("0g"), Err(SecretError::Encoding)));
        assert!(matches!(Secret::from_hex("0"), Err(SecretError::Encoding)));
        assert!(matches!(Secret::from_base64("a b"), Err(SecretError::Encoding)));
    }

    #[test]
    fn debug_and_errors_hide_the_secret() {
        let secret = Secret::new("k7Qv-Zp2Lx9_Rw4Tn8Hs3Jd6Fg1Bm5Ya").expect("a good secret");
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!(format!("{:?}", Secrets::from(secret)), "Secrets([Ok(Secret(..))])");
        assert_eq!(
            Secret::new("hunter2").expect_err("short").to_string(),
            "the secret has 7 bytes, at least 32 are needed"
        );
    }

    #[test]
    fn the_material_of_a_secret_is_wiped_when_it_is_dropped() {
        // L6
        fn wiped<T: ZeroizeOnDrop>(_: &T) {}
        wiped(&Secret::new("k7Qv-Zp2Lx9_Rw4Tn8Hs3Jd6Fg1Bm5Ya").expect("a good secret").0);
    }

    #[test]
    fn a_ring_reports_each_bad_secret() {
        let ring = Secrets::from(["short", "k7Qv-Zp2Lx9_Rw4Tn8Hs3Jd6Fg1Bm5Ya", "tiny"]);
        assert_eq!(ring.into_checked().expect_err("two are short").len(), 2);
    }
}
