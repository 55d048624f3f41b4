//! What is done in one step, as scripts. Each touches one key, so that a cluster runs them too; but for those that are run only where one
//! server has all keys.

use std::sync::LazyLock;

use super::link::Script;

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
/// For one server: the list and all records that it names.
pub(super) static END: LazyLock<Script> = script!("record.lua", "list.lua", "ending.lua", "end.lua");
/// For one server: two records and the list, and all records that it names.
pub(super) static CREATE: LazyLock<Script> =
    script!("record.lua", "list.lua", "ending.lua", "remove.lua", "create.lua");
#[cfg(feature = "rpc")]
pub(super) static HIT: LazyLock<Script> = script!("hit.lua");
