//! What is done in one step, as scripts. Each touches one key, so that a cluster runs them too; but for those three that are run only
//! where one server has all keys.

use std::sync::LazyLock;

use super::link::Script;

macro_rules! script {
    ($($file:literal),+) => {
        LazyLock::new(|| Script::new(concat!($(include_str!(concat!("lua/", $file))),+)))
    };
}

pub(super) static LOAD: LazyLock<Script> = script!("record.lua", "load.lua");
pub(super) static UPDATE: LazyLock<Script> = script!("record.lua", "update.lua");
pub(super) static DESTROY: LazyLock<Script> = script!("record.lua", "destroy.lua");
pub(super) static TOUCH: LazyLock<Script> = script!("record.lua", "touch.lua");
pub(super) static LIST: LazyLock<Script> = script!("listing.lua", "list.lua");
/// Of two keys, which lie in two slots.
pub(super) static INSERT: LazyLock<Script> = script!("listing.lua", "insert.lua");
/// Of three keys, which lie in three slots.
pub(super) static ROTATE: LazyLock<Script> = script!("record.lua", "listing.lua", "rotate.lua");
/// Of a list, and of the records that it names.
pub(super) static NEWEST: LazyLock<Script> = script!("record.lua", "newest.lua");
#[cfg(feature = "rpc")]
pub(super) static HIT: LazyLock<Script> = script!("hit.lua");
