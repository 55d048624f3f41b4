//! The scripts that Redis runs in one step. Each uses one key, so that it also runs in a cluster,
//! except for the scripts that need one server with all keys.

use std::sync::LazyLock;
use std::time::Duration;

use super::link::Script;
use crate::clock::milliseconds;

macro_rules! script {
    ($($file:literal),+) => {
        LazyLock::new(|| Script::new(concat!($(include_str!(concat!("lua/", $file))),+)))
    };
}

pub(super) static LOAD: LazyLock<Script> = script!("record.lua", "load.lua");
pub(super) static UPDATE: LazyLock<Script> = script!("record.lua", "update.lua");
pub(super) static DESTROY: LazyLock<Script> = script!("record.lua", "remove.lua", "destroy.lua");
pub(super) static TOUCH: LazyLock<Script> = script!("record.lua", "touch.lua");
pub(super) static ADD: LazyLock<Script> = script!("list.lua", "add.lua");
pub(super) static NAMES: LazyLock<Script> = script!("list.lua", "names.lua");
/// Uses the list and all records that it names, so one server must have them all.
pub(super) static END: LazyLock<Script> = script!("record.lua", "list.lua", "ending.lua", "end.lua");
/// Uses two records, the list and all records that it names, so one server must have them all.
pub(super) static CREATE: LazyLock<Script> =
    script!("record.lua", "list.lua", "ending.lua", "remove.lua", "create.lua");
pub(super) static TAKE_BACK: LazyLock<Script> = script!("take_back.lua");
/// With several records, one server must have them all.
pub(super) static ALIVE: LazyLock<Script> = script!("alive.lua");
pub(super) static HIT: LazyLock<Script> = script!("hit.lua");

/// Returns a lifetime in milliseconds, within the range that Redis accepts.
pub(super) fn life(ttl: Duration) -> u64 {
    milliseconds(ttl).clamp(1, LONGEST)
}

/// About 35,000 years. Scripts can still add to this number exactly.
pub(super) const LONGEST: u64 = 1 << 50;
/// The largest number that scripts handle exactly, which is longer than any lifetime.
pub(super) const NEVER: u64 = (1 << 53) - 1;
