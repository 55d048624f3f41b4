//! Reads headers whose values are lists.

use http::{HeaderMap, HeaderName};

/// Returns the items of a header that is a list, such as `Vary`, from all of its lines (RFC 9110,
/// section 5.6.1). A comma within quotes counts as the end of an item, too.
pub(crate) fn items<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h [u8]> {
    let lines = headers.get_all(name).iter();
    lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b',')).map(<[u8]>::trim_ascii)
}
