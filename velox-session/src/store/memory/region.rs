//! Room straight from the system.
//!
//! An allocator keeps what it is given back, for the next one who asks: of a million sessions that have expired, most of their room would
//! stay with this process. A map goes back to the system as it is dropped, and costs no memory before it is written to.

use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;

/// Bytes, zero at first.
pub(super) enum Region {
    Mapped(MmapMut),
    /// Where the system gives no map.
    Allocated(Box<[u8]>),
}

impl Region {
    /// So many bytes, and at least one.
    pub(super) fn new(length: usize) -> Self {
        match map(length) {
            Ok(map) => Self::Mapped(map),
            Err(_) => Self::Allocated(vec![0; length].into_boxed_slice()),
        }
    }
}

impl Deref for Region {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Allocated(bytes) => bytes,
        }
    }
}

impl DerefMut for Region {
    fn deref_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Allocated(bytes) => bytes,
        }
    }
}

fn map(length: usize) -> std::io::Result<MmapMut> {
    if cfg!(miri) {
        return Err(std::io::ErrorKind::Unsupported.into());
    }
    let map = MmapMut::map_anon(length)?;
    // Sessions are asked for in no order: with pages of 4 KiB, most reads would also wait for where their page is.
    #[cfg(target_os = "linux")]
    if length >= HUGE_PAGE {
        // Refused by a system that has none: then it works as well, and slower.
        map.advise(memmap2::Advice::HugePage).ok();
    }
    Ok(map)
}

/// Bytes of a huge page, and of a region that is given some: of a smaller one, a part of a page would be wasted.
pub(super) const HUGE_PAGE: usize = 2 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_zero_at_first_and_keeps_what_is_written() {
        for mut region in [Region::new(64), Region::Allocated(vec![0; 64].into_boxed_slice())] {
            assert_eq!(*region, [0; 64]);
            region[48..].fill(7);
            assert_eq!((&region[..48], &region[48..]), (&[0; 48][..], &[7; 16][..]));
        }
    }
}
