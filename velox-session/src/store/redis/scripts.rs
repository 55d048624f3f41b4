//! What is done in one step, as scripts. Each touches one key, so that a cluster runs them too.

use std::sync::LazyLock;

use super::link::Script;

macro_rules! record_script {
    ($file:literal) => {
        LazyLock::new(|| Script::new(concat!(include_str!("lua/record.lua"), include_str!($file))))
    };
}

pub(super) static LOAD: LazyLock<Script> = record_script!("lua/load.lua");
pub(super) static UPDATE: LazyLock<Script> = record_script!("lua/update.lua");
pub(super) static DESTROY: LazyLock<Script> = record_script!("lua/destroy.lua");
pub(super) static TOUCH: LazyLock<Script> = record_script!("lua/touch.lua");
pub(super) static LIST: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/list.lua")));
#[cfg(feature = "rpc")]
pub(super) static HIT: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("lua/hit.lua")));
