//! What the application keeps in a session, read when somebody looks.
//!
//! Most requests ask who is logged in, and no more: what else a store has is theirs to carry, and not to parse.

use std::borrow::Cow;
use std::sync::OnceLock;

use super::maps::Maps;

/// Data and flash messages: maps, or the JSON of them that nobody has looked into, or both.
#[derive(Clone, Debug, Default)]
pub(super) struct Data {
    maps: OnceLock<Maps>,
    /// As it was read. Gone once the maps are written to.
    json: Option<Box<[u8]>>,
}

impl Data {
    /// The data of what [`json`](Self::json) has given.
    pub(super) fn packed(json: &[u8]) -> Self {
        Self { maps: OnceLock::new(), json: Some(json.into()) }
    }

    pub(super) fn maps(&self) -> &Maps {
        self.maps.get_or_init(|| self.parsed())
    }

    pub(super) fn maps_mut(&mut self) -> &mut Maps {
        if self.maps.get().is_none() {
            self.maps = OnceLock::from(self.parsed());
        }
        self.json = None;
        self.maps.get_mut().expect("they have been parsed")
    }

    /// Both maps as one text.
    pub(super) fn json(&self) -> Cow<'_, [u8]> {
        match &self.json {
            Some(json) => Cow::Borrowed(json),
            None => {
                let maps = (self.maps().data(), self.maps().flash());
                Cow::Owned(serde_json::to_vec(&maps).expect("JSON values are always written"))
            }
        }
    }

    #[cfg(test)]
    pub(super) fn is_parsed(&self) -> bool {
        self.maps.get().is_some()
    }

    fn parsed(&self) -> Maps {
        let Some(json) = &self.json else { return Maps::default() };
        // What is put into a session is never deeper than it is read back.
        let (data, flash) = serde_json::from_slice(json).expect("it is what JSON values were written as");
        Maps::new(data, flash)
    }
}

impl From<Maps> for Data {
    fn from(maps: Maps) -> Self {
        Self { maps: OnceLock::from(maps), json: None }
    }
}

impl PartialEq for Data {
    fn eq(&self, other: &Self) -> bool {
        self.maps() == other.maps()
    }
}
