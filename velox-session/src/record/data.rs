//! What the application keeps in a session, read when somebody looks.
//!
//! Most requests ask who is logged in, and no more: what else a store has is theirs to carry, and not to parse.

use std::borrow::Cow;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::error::RecordError;
use super::maps::Maps;
use super::reader::{Member, Piece, map};
use super::source::Source;

/// Data and flash messages: as they were read, and as maps once somebody has looked into them.
#[derive(Clone, Debug, Default)]
pub(super) struct Data {
    maps: OnceLock<Maps>,
    /// With the members that are nobody's data: those that are [reserved](is_reserved).
    data: Source,
    flash: Source,
}

impl Data {
    /// The members of a record's text that the engine does not know, and the flash messages. `None` if there are none.
    pub(super) fn read(data: &[Member<'_>], flash: Option<Piece<'_>>) -> Result<Option<Self>, RecordError> {
        if data.is_empty() && flash.is_none() {
            return Ok(None);
        }
        let source = Source::of(data);
        let own = map(source.as_str(), || Ok(data.to_vec()), "data")?;
        let messages = match flash {
            Some(flash) => map(flash.text, || flash.members("data._flash"), "data._flash")?,
            None => Map::new(),
        };
        let maps = OnceLock::from(Maps::new(without_reserved(own), messages));
        let flash = Source::new(flash.map_or("", |flash| flash.text));
        Ok(Some(Self { maps, data: source, flash }))
    }

    /// The data of what [`texts`](Self::texts) has given.
    pub(super) fn packed(data: &str, flash: &str) -> Self {
        Self { maps: OnceLock::new(), data: Source::new(data), flash: Source::new(flash) }
    }

    pub(super) fn set(&mut self, key: &str, value: Value) {
        self.maps_mut().set(key, value);
        self.data.change(key);
    }

    pub(super) fn remove(&mut self, key: &str) {
        self.maps_mut().remove(key);
        self.data.change(key);
    }

    pub(super) fn set_flash(&mut self, key: &str, value: Value) {
        self.maps_mut().set_flash(key, value);
        self.flash.change(key);
    }

    pub(super) fn remove_flash(&mut self, key: &str) {
        self.maps_mut().remove_flash(key);
        self.flash.change(key);
    }

    pub(super) fn remove_all_flash(&mut self) {
        self.maps_mut().remove_all_flash();
        self.flash = Source::default();
    }

    pub(super) fn maps(&self) -> &Maps {
        self.maps.get_or_init(|| Maps::new(without_reserved(self.data.map()), self.flash.map()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.maps().is_empty() && self.texts() == ("".into(), "".into())
    }

    /// Data and flash messages as JSON objects, each empty if nothing is in it.
    pub(super) fn texts(&self) -> (Cow<'_, str>, Cow<'_, str>) {
        let maps = self.maps.get();
        (self.data.text(maps.map(Maps::data)), self.flash.text(maps.map(Maps::flash)))
    }

    #[cfg(test)]
    pub(super) fn is_parsed(&self) -> bool {
        self.maps.get().is_some()
    }

    fn maps_mut(&mut self) -> &mut Maps {
        self.maps();
        self.maps.get_mut().expect("somebody has looked into them")
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.maps() == other.maps()
    }
}

/// Whether a name is one of the engine's own, of this version, of a later one or of VeloxTS: what it names is kept and not shown.
pub(crate) const fn is_reserved(name: &str) -> bool {
    matches!(name.as_bytes(), [b'_', ..] | b"userId" | b"userEmail")
}

fn without_reserved(mut data: Map<String, Value>) -> Map<String, Value> {
    data.retain(|key, _| !is_reserved(key));
    data
}
