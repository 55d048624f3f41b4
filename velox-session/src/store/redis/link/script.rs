//! A script, by its hash and by its text.

use redis::{Cmd, ToRedisArgs};

/// A script of the server.
#[derive(Debug)]
pub(in crate::store::redis) struct Script {
    text: &'static str,
    hash: String,
}

impl Script {
    /// A script of this text.
    pub(in crate::store::redis) fn new(text: &'static str) -> Self {
        Self { text, hash: redis::Script::new(text).get_hash().to_owned() }
    }

    /// The command that runs it if the server knows it.
    pub(super) fn by_hash(&self, keys: &[&[u8]], args: &impl ToRedisArgs) -> Cmd {
        command("EVALSHA", &self.hash, keys, args)
    }

    /// The command that runs it, and lets the server know it from then on.
    pub(super) fn by_text(&self, keys: &[&[u8]], args: &impl ToRedisArgs) -> Cmd {
        command("EVAL", self.text, keys, args)
    }
}

fn command(name: &str, script: &str, keys: &[&[u8]], args: &impl ToRedisArgs) -> Cmd {
    let mut cmd = redis::cmd(name);
    cmd.arg(script).arg(keys.len()).arg(keys).arg(args);
    cmd
}
