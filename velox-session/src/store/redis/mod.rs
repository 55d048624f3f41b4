//! Redis and Valkey as a place for records.

#[cfg_attr(not(test), expect(dead_code, reason = "the store that uses it comes next"))]
mod link;
