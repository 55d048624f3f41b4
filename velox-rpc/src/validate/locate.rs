//! Where in a JSON text serde stopped, as a path.
//!
//! The scanner knows just enough of JSON to follow keys and indices; on text that is no JSON it gives the path it had.

use crate::validate::path::{push_index, push_key};

/// The dotted path of the value at serde_json's error position: the one that ended there, else the one it lies in, else
/// the one that is about to begin. `line` and `column` count from one, columns in bytes.
pub(crate) fn path_at(text: &str, line: usize, column: usize) -> String {
    let end = offset(text, line, column);
    let mut scanner = Scanner { bytes: text.as_bytes(), at: 0, frames: Vec::new(), is_key_next: false };
    while scanner.at < end && scanner.step() {}
    scanner.path(end)
}

/// How many bytes serde_json had read.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match text.as_bytes()[start..].iter().position(|byte| *byte == b'\n') {
            Some(length) => start += length + 1,
            None => return text.len(),
        }
    }
    start.saturating_add(column).min(text.len())
}

struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
    frames: Vec<Frame<'t>>,
    is_key_next: bool,
}

enum Frame<'t> {
    /// The key, in its quotes, of the value that is being read; none before the first and after a comma.
    Object(Option<&'t [u8]>),
    List(usize),
}

impl<'t> Scanner<'t> {
    /// Reads one token. False at the end of the text.
    fn step(&mut self) -> bool {
        let Some(byte) = self.bytes.get(self.at) else {
            return false;
        };
        match byte {
            b'{' | b'[' => {
                self.is_key_next = *byte == b'{';
                self.frames.push(if self.is_key_next { Frame::Object(None) } else { Frame::List(0) });
                self.at += 1;
            }
            b'}' | b']' => {
                self.frames.pop();
                self.at += 1;
            }
            b',' => {
                match self.frames.last_mut() {
                    Some(Frame::Object(key)) => *key = None,
                    Some(Frame::List(index)) => *index += 1,
                    None => {}
                }
                self.is_key_next = matches!(self.frames.last(), Some(Frame::Object(_)));
                self.at += 1;
            }
            b'"' => self.text(),
            b':' => {
                self.is_key_next = false;
                self.at += 1;
            }
            byte if byte.is_ascii_whitespace() => self.at += 1,
            _ => {
                let rest = &self.bytes[self.at..];
                let length = rest.iter().position(|byte| !is_plain(*byte));
                // A byte that begins nothing is stepped over, or the scan would not move.
                self.at += length.unwrap_or(rest.len()).max(1);
            }
        }
        true
    }

    fn text(&mut self) {
        let start = self.at;
        self.at += 1;
        while let Some(byte) = self.bytes.get(self.at) {
            self.at += match byte {
                b'\\' => 2,
                _ => 1,
            };
            if *byte == b'"' {
                break;
            }
        }
        self.at = self.at.min(self.bytes.len());
        if self.is_key_next
            && let Some(Frame::Object(key)) = self.frames.last_mut()
        {
            *key = Some(&self.bytes[start..self.at]);
            self.is_key_next = false;
        }
    }

    fn path(&self, end: usize) -> String {
        // A value that ended, or was passed over as a whole, belongs to the innermost frame that is still open; so does
        // one that has not begun.
        let mut path = String::new();
        for (depth, frame) in self.frames.iter().enumerate() {
            let is_innermost = depth + 1 == self.frames.len();
            match frame {
                Frame::Object(Some(key)) if !(is_innermost && self.is_at_key(key, end)) => {
                    push_key(&mut path, &unquoted(key));
                }
                Frame::Object(_) => {}
                Frame::List(index) => push_index(&mut path, *index),
            }
        }
        path
    }

    /// serde stopped at the key itself: the object does not take it, and it is not repeated.
    fn is_at_key(&self, key: &[u8], end: usize) -> bool {
        let key_end = key.as_ptr_range().end;
        let scanned_end = self.bytes[..self.at.min(self.bytes.len())].as_ptr_range().end;
        key_end == scanned_end && end <= self.at
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')
}

fn unquoted(key: &[u8]) -> String {
    serde_json::from_slice(key).unwrap_or_else(|_| {
        let inner = key.strip_prefix(b"\"").unwrap_or(key);
        String::from_utf8_lossy(inner.strip_suffix(b"\"").unwrap_or(inner)).into_owned()
    })
}
