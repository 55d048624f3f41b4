//! Where in the sequence of HTTP/2's frames a client is. Used by `socket` alone.
//!
//! h2 keeps its place to itself, and from outside a client in the middle of a head looks like one that is idle. So the frames' headers
//! are read along: nine bytes each, the rest is skipped. Nothing is checked here; that is h2's business.

/// The place of a client in what it sends.
#[derive(Debug)]
pub(super) struct Frames {
    header: [u8; HEADER],
    /// How many bytes of the header are there.
    have: usize,
    /// How many bytes of the frame are still to come: at first, of the preface.
    left: usize,
    /// Whether they, or the frames that must follow, belong to a head. The preface and the settings after it count as one.
    head: bool,
    /// Whether a head ends with this frame.
    last: bool,
}

impl Frames {
    /// At the beginning of a connection.
    pub(super) fn new() -> Self {
        Self { header: [0; HEADER], have: 0, left: PREFACE, head: true, last: false }
    }

    /// Follows bytes that were read.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            if self.left == 0 {
                let count = bytes.len().min(HEADER - self.have);
                self.header[self.have..self.have + count].copy_from_slice(&bytes[..count]);
                self.have += count;
                bytes = &bytes[count..];
                if self.have == HEADER {
                    self.begin();
                }
            } else {
                let count = bytes.len().min(self.left);
                self.left -= count;
                bytes = &bytes[count..];
                self.end();
            }
        }
    }

    /// Whether the client owes the rest of a head, or of a frame's header.
    pub(super) fn within_head(&self) -> bool {
        self.head || self.have > 0
    }

    /// A frame's header is complete.
    fn begin(&mut self) {
        let [high, middle, low, kind, flags, ..] = self.header;
        self.have = 0;
        self.left = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
        match kind {
            HEADERS | CONTINUATION => (self.head, self.last) = (true, flags & END_HEADERS != 0),
            SETTINGS => self.last = true,
            _ => {}
        }
        self.end();
    }

    /// The frame may be complete.
    fn end(&mut self) {
        if self.left == 0 && self.last {
            (self.head, self.last) = (false, false);
        }
    }
}

const PREFACE: usize = 24;
const HEADER: usize = 9;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;
const END_HEADERS: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, length: u8) -> Vec<u8> {
        let mut bytes = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
        bytes.extend(vec![b'x'; usize::from(length)]);
        bytes
    }

    /// Where the client is within a head, byte by byte, after the settings: as ranges of the bytes sent.
    fn within(bytes: &[u8]) -> Vec<bool> {
        let mut frames = Frames::new();
        frames.follow(&[0; PREFACE]);
        assert!(frames.within_head(), "the settings are owed");
        frames.follow(&frame(SETTINGS, 0, 6));
        assert!(!frames.within_head());
        bytes.iter().map(|byte| (frames.follow(&[*byte]), frames.within_head()).1).collect()
    }

    #[test]
    fn a_head_in_one_frame_ends_with_it() {
        let within = within(&frame(HEADERS, END_HEADERS, 3));
        assert_eq!(within, [[true; 11].as_slice(), &[false]].concat());
    }

    #[test]
    fn a_head_in_many_frames_ends_with_the_last() {
        let bytes = [frame(HEADERS, 1, 3), frame(CONTINUATION, 0, 0), frame(CONTINUATION, END_HEADERS, 2)].concat();
        let within = within(&bytes);
        assert_eq!(within.iter().position(|within| !within), Some(bytes.len() - 1));
    }

    #[test]
    fn the_bytes_of_a_body_are_no_head() {
        let within = within(&frame(0, 0, 5));
        assert_eq!(within, [[true; 8].as_slice(), &[false; 6]].concat());
    }

    #[test]
    fn many_frames_may_come_at_once() {
        let mut frames = Frames::new();
        let bytes =
            [vec![0; PREFACE], frame(SETTINGS, 0, 0), frame(HEADERS, END_HEADERS, 9), frame(0, 1, 200)].concat();
        frames.follow(&bytes);
        assert!(!frames.within_head());
        frames.follow(&[0, 0]);
        assert!(frames.within_head());
    }
}
