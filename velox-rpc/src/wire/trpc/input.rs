//! The inputs of the calls: JSON text in the query or the body, by index where it is a batch.

use std::collections::HashMap;

use serde_json::value::RawValue;

use super::batch::{Batch, Call};
use super::procedures::Procedures;
use crate::call::RawInput;
use crate::context::Inputs;
use crate::error::{Error, Result};
use crate::wire::{json, look};

impl Procedures {
    pub(crate) fn decode(&self, batch: &Batch, query: Option<&str>, body: Option<String>) -> Inputs {
        let text = match batch.is_get {
            true => Batch::input_of_query(query.unwrap_or_default()).map(|text| text.into_owned()),
            false => body,
        };
        if !batch.is_list {
            return Inputs::One(
                text.map_or_else(|| Ok(RawInput::absent()), |text| self.one(batch.calls.first(), text)),
            );
        }
        let inputs = self.each(batch, text.as_deref());
        match <[_; 1]>::try_from(inputs) {
            Ok([input]) => Inputs::One(input),
            Err(inputs) => Inputs::Each(inputs),
        }
    }

    fn one(&self, call: Option<&Call>, text: String) -> Result<RawInput> {
        let shape = call
            .and_then(|call| call.procedure.as_ref().ok())
            .and_then(|index| self.endpoint(*index).meta.input.as_deref());
        let has_lists = look(&text, shape)?;
        Ok(RawInput::document(text, has_lists))
    }

    fn each(&self, batch: &Batch, text: Option<&str>) -> Vec<Result<RawInput>> {
        let by_index = match text.map_or_else(|| Ok(HashMap::new()), by_index) {
            Ok(by_index) => by_index,
            Err(error) => return batch.calls.iter().map(|_| Err(error.again())).collect(),
        };
        let input = |(index, call): (usize, &Call)| match by_index.get(&index) {
            Some(text) => self.one(Some(call), text.get().to_owned()),
            None => Ok(RawInput::absent()),
        };
        batch.calls.iter().enumerate().map(input).collect()
    }
}

/// The texts of a batch, each by the index of its call. What belongs to no call is passed over.
fn by_index(text: &str) -> Result<HashMap<usize, &RawValue>> {
    // Once over all of it: what is no JSON, or names a key twice, is no input of any call.
    json::glance(text)?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(Error::bad_request("\"input\" needs to be an object when doing a batch call"));
    }
    let members: HashMap<String, &RawValue> = serde_json::from_str(text).map_err(|error| Error::malformed(&error))?;
    Ok(members.into_iter().filter_map(|(key, value)| Some((key.parse().ok()?, value))).collect())
}
