//! The id of a session: 32 random bytes that only the browser knows.
//!
//! An id comes from the system's random source ([`SessionId::generate`]) or from a cookie with a
//! valid signature ([`SessionId::parse`]). Nothing else can create one, and nothing can print one.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;

/// The id of a session.
///
/// It is opaque: you can compare ids, but not read them. Stores and logs see only a hash of the id,
/// [`StoreKey`](crate::StoreKey).
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let manager = velox_session::session_middleware("a development secret of 32 bytes or more")
/// #     .store(velox_session::MemoryStore::new()).build_manager()?;
/// let open = manager.open(&http::HeaderMap::new()).await?;
/// // A visitor has no id until something is written to the session and saved.
/// assert!(open.call().session().id().is_none());
/// # Ok(())
/// # }
/// ```
///
/// You cannot print an id:
///
/// ```compile_fail,E0599
/// fn show(id: &velox_session::SessionId) -> String {
///     id.to_string()
/// }
/// ```
///
/// You cannot serialize an id:
///
/// ```compile_fail,E0277
/// fn show(id: &velox_session::SessionId) -> serde_json::Result<String> {
///     serde_json::to_string(id)
/// }
/// ```
///
/// You cannot create an id by hand:
///
/// ```compile_fail,E0423
/// fn forge() -> velox_session::SessionId {
///     velox_session::SessionId([b'A'; 43])
/// }
/// ```
///
/// ```compile_fail,E0624
/// fn forge() -> Option<velox_session::SessionId> {
///     velox_session::SessionId::parse(b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8")
/// }
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct SessionId([u8; SessionId::LENGTH]);

impl SessionId {
    /// The length of an encoded id: 32 bytes in base64url without padding.
    pub(crate) const LENGTH: usize = 43;

    /// Returns a new id from the system's random source. If that source fails, this returns an
    /// error and never a weaker id.
    pub(crate) fn generate() -> Result<Self, EntropyError> {
        let mut random = [0; 32];
        getrandom::fill(&mut random).map_err(EntropyError::Unavailable)?;
        let mut text = [0; Self::LENGTH];
        BASE64URL_NOPAD.encode_mut(&random, &mut text);
        // Chance hardly ever produces a poor id, but a broken source does so at once.
        if is_id(&text) { Ok(Self(text)) } else { Err(EntropyError::Broken) }
    }

    /// Parses an id. Only the spelling that [`generate`](Self::generate) produces is accepted.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let text: [u8; Self::LENGTH] = text.try_into().ok()?;
        is_id(&text).then_some(Self(text))
    }

    /// Returns the id as it appears in the cookie.
    pub(crate) fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(..)")
    }
}

/// The system's random source provided no id.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntropyError {
    #[error("the random source of the system is unavailable")]
    Unavailable(#[source] getrandom::Error),
    #[error("the random source of the system repeats itself")]
    Broken,
}

/// Returns whether a string is the only valid base64url of 32 bytes that do not look like the
/// output of a broken source.
fn is_id(text: &[u8; SessionId::LENGTH]) -> bool {
    let (mut invalid, mut seen, mut last) = (0, 0_u64, 0);
    for byte in text {
        last = SEXTETS[usize::from(*byte)];
        invalid |= last;
        seen |= 1 << (last & 63);
    }
    // The last character holds four bits of the id, and two bits that must be zero.
    invalid & NO_SEXTET == 0 && last & 3 == 0 && seen.count_ones() >= MIN_DIFFERENT
}

/// The minimal number of different characters in an id. Chance stays below it once in 10^13 times.
const MIN_DIFFERENT: u32 = 16;

/// The mark of bytes that are not in the alphabet.
const NO_SEXTET: u8 = 0x80;

/// The six bits of each base64url character.
const SEXTETS: [u8; 256] = {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut table = [NO_SEXTET; 256];
    let mut bits = 0;
    while bits < 64 {
        table[alphabet[bits] as usize] = bits as u8;
        bits += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_ids_differ_and_read_back() {
        let (one, other) = (SessionId::generate().expect("entropy"), SessionId::generate().expect("entropy"));
        assert_ne!(one, other);
        assert_eq!(SessionId::parse(one.as_bytes()), Some(one));
    }

    #[test]
    fn every_bit_of_an_id_is_drawn() {
        // Over 512 ids each of the 256 bits is seen as 0 and as 1, except once in 2^500 runs.
        let (mut ones, mut zeros) = ([0u8; 32], [0u8; 32]);
        for _ in 0..512 {
            let id = SessionId::generate().expect("entropy");
            let bytes = BASE64URL_NOPAD.decode(id.as_bytes()).expect("base64");
            for (index, byte) in bytes.iter().enumerate() {
                ones[index] |= byte;
                zeros[index] |= !byte;
            }
        }
        assert_eq!((ones, zeros), ([255; 32], [255; 32]));
    }

    #[test]
    fn a_million_ids_have_no_repeat() {
        // 96 bits of each id are compared.
        let start = |id: SessionId| u128::from_be_bytes(*id.as_bytes().first_chunk().expect("it is longer"));
        let mut starts: Vec<_> = (0..1_000_000).map(|_| start(SessionId::generate().expect("entropy"))).collect();
        starts.sort_unstable();
        assert!(starts.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn a_million_bits_of_ids_look_random() {
        // Each try of a good source fails once in 500 runs, and three in a row fail once in
        // 10^8.
        let looks_random = |_| {
            let ids = (0..4_000).map(|_| SessionId::generate().expect("entropy"));
            let bits: Vec<u64> = ids.flat_map(|id| words(&id)).collect();
            monobit(&bits) < Z_OF_ONE_IN_A_THOUSAND && runs(&bits) < Z_OF_ONE_IN_A_THOUSAND
        };
        assert!((0..3).any(looks_random));
    }

    #[test]
    fn the_bit_tests_detect_values_that_are_not_random() {
        let low = vec![0x5555_5555_5555_5555; 16_000];
        assert!(monobit(&low) < Z_OF_ONE_IN_A_THOUSAND && runs(&low) > 100.0, "as many of both, in turn");
        let biased: Vec<u64> = (0..16_000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 << 63).collect();
        assert!(monobit(&biased) > Z_OF_ONE_IN_A_THOUSAND, "one bit of 64 is always set");
    }

    /// Returns the random bytes of an id as numbers.
    fn words(id: &SessionId) -> [u64; 4] {
        let bytes = BASE64URL_NOPAD.decode(id.as_bytes()).expect("base64");
        let word = |index: usize| bytes[8 * index..][..8].iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        [0, 1, 2, 3].map(word)
    }

    /// Returns the result of the frequency test of NIST SP 800-22 (2.1): by how many standard
    /// deviations the count of ones is off.
    fn monobit(bits: &[u64]) -> f64 {
        let n = 64.0 * bits.len() as f64;
        (2.0 * ones(bits) - n).abs() / n.sqrt()
    }

    /// Returns the result of the runs test (2.3), in standard deviations, too.
    fn runs(bits: &[u64]) -> f64 {
        let n = 64.0 * bits.len() as f64;
        let share = ones(bits) / n;
        let within: u32 = bits.iter().map(|word| ((word ^ word >> 1) & u64::MAX >> 1).count_ones()).sum();
        let between = bits.windows(2).filter(|pair| pair[0] & 1 != pair[1] >> 63).count();
        let found = 1.0 + f64::from(within) + between as f64;
        let spread = 2.0 * share * (1.0 - share);
        (found - n * spread).abs() / (n.sqrt() * spread)
    }

    fn ones(bits: &[u64]) -> f64 {
        bits.iter().map(|word| f64::from(word.count_ones())).sum()
    }

    /// A normal deviate exceeds this once in a thousand times, so p > 0.001 is below it.
    const Z_OF_ONE_IN_A_THOUSAND: f64 = 3.290_527;

    #[test]
    fn an_id_has_one_spelling() {
        let id = SessionId::generate().expect("entropy");
        let text = *id.as_bytes();
        for last in 0..=255u8 {
            let mut other = text;
            other[42] = last;
            if let Some(parsed) = SessionId::parse(&other) {
                let bytes = BASE64URL_NOPAD.decode(parsed.as_bytes()).expect("base64");
                assert_eq!(BASE64URL_NOPAD.encode(&bytes).as_bytes(), other);
            }
        }
        assert_eq!(SessionId::parse(&text[..42]), None);
        assert_eq!(SessionId::parse(&[&text[..], b"="].concat()), None);
    }

    #[test]
    fn a_poor_id_is_refused() {
        assert_eq!(SessionId::parse(&[b'A'; 43]), None);
        let fifteen: Vec<u8> = (0..43).map(|index| b'A' + index % 15).collect();
        assert_eq!(SessionId::parse(&fifteen), None);
        let sixteen: Vec<u8> = (0..43).map(|index| b'A' + index % 16).collect();
        let sixteen = [&sixteen[..42], b"A"].concat();
        assert!(SessionId::parse(&sixteen).is_some());
    }

    #[test]
    fn debug_hides_the_id() {
        assert_eq!(format!("{:?}", SessionId::generate().expect("entropy")), "SessionId(..)");
    }
}
