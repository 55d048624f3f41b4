//! Bytes in hex.

/// The bytes in hex, in lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

/// The 32 bytes of a text in hex, in its one spelling.
pub(crate) fn read_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    read_hex_into(text, &mut bytes).map(|()| bytes)
}

/// Fills `bytes` with those that a text has in hex, in lower case. `None` if it has others, more or fewer.
pub(crate) fn read_hex_into(text: &str, bytes: &mut [u8]) -> Option<()> {
    let digit = |byte: u8| DIGITS.iter().position(|digit| *digit == byte);
    let pairs = text.as_bytes().chunks(2);
    if text.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(pairs) {
        *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    Some(())
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";
