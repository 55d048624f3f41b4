//! Bytes in hex.

/// The bytes in hex, in lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// The bytes of a text in hex, in its one spelling.
pub(crate) fn read_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    // Capitals and signs are read, too.
    (hex(&bytes) == text).then_some(bytes)
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";
