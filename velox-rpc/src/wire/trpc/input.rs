//! Makes the inputs of the calls from JSON text in the query or in the body. In a batch, the inputs
//! are the members of an object and the keys are the indexes of the calls.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde_json::value::RawValue;

use super::batch::{Batch, Call};
use super::procedures::Procedures;
use crate::call::RawInput;
use crate::context::Inputs;
use crate::error::{Error, Result};
use crate::procedure::{InputShape, LAST_EVENT_ID};
use crate::wire::sse::check_last_event_id;
use crate::wire::{json, look};

impl Procedures {
    pub(crate) fn decode(&self, batch: &Batch, query: Option<&str>, body: Option<String>) -> Inputs {
        let text = match batch.is_get {
            true => Batch::input_of_query(query.unwrap_or_default()).map(|text| text.into_owned()),
            false => body,
        };
        if !batch.is_list {
            return Inputs::One(self.one(batch.calls.first(), text));
        }
        let inputs = self.each(batch, text.as_deref());
        match <[_; 1]>::try_from(inputs) {
            Ok([input]) => Inputs::One(input),
            Err(inputs) => Inputs::Each(inputs),
        }
    }

    /// Returns the input of a subscription, with the id of the last event that the client has seen.
    /// An id in the header takes precedence over one in the query or in the input.
    pub(crate) fn resume(&self, batch: &Batch, query: &str, of_header: Option<&str>) -> Result<RawInput> {
        let text = Batch::input_of_query(query).map(|text| text.into_owned());
        let seen = of_header.map(Cow::Borrowed).or_else(|| Batch::last_event_id_of_query(query));
        let call = batch.calls.first();
        let takes_id = self.shape(call).is_some_and(|shape| shape.takes(LAST_EVENT_ID));
        let text = match (seen.filter(|_| takes_id), self.plain(call, text)?) {
            (Some(seen), text) => Some(with_last_event_id(text, &seen)?),
            (None, None) if self.shape(call).is_some_and(InputShape::begins_with_nothing) => Some("{}".to_owned()),
            (None, text) => text,
        };
        self.read(call, text)
    }

    /// Turns the text into plain JSON if a transformer has encoded it.
    fn plain(&self, call: Option<&Call>, text: Option<String>) -> Result<Option<String>> {
        match (&self.superjson, text) {
            (Some(superjson), Some(text)) => {
                superjson.read(call.and_then(|call| call.procedure.as_ref().ok().copied()), &text)
            }
            (_, text) => Ok(text),
        }
    }

    fn read(&self, call: Option<&Call>, text: Option<String>) -> Result<RawInput> {
        let Some(text) = text else { return Ok(RawInput::absent()) };
        let has_lists = look(&text, self.shape(call))?;
        Ok(RawInput::document(text, has_lists))
    }

    fn shape(&self, call: Option<&Call>) -> Option<&InputShape> {
        call.and_then(|call| call.procedure.as_ref().ok()).and_then(|index| self.endpoint(*index).meta.input.as_deref())
    }

    fn one(&self, call: Option<&Call>, text: Option<String>) -> Result<RawInput> {
        self.read(call, self.plain(call, text)?)
    }

    fn each(&self, batch: &Batch, text: Option<&str>) -> Vec<Result<RawInput>> {
        let by_index = match text.map_or_else(|| Ok(HashMap::new()), by_index) {
            Ok(by_index) => by_index,
            Err(error) => return batch.calls.iter().map(|_| Err(error.again())).collect(),
        };
        let input = |(index, call): (usize, &Call)| {
            self.one(Some(call), by_index.get(&index.to_string()).map(|text| text.get().to_owned()))
        };
        batch.calls.iter().enumerate().map(input).collect()
    }
}

/// Adds the id to the input. An input that is not an object stays as it is, as in tRPC.
fn with_last_event_id(text: Option<String>, seen: &str) -> Result<String> {
    check_last_event_id(seen)?;
    let id = serde_json::value::to_raw_value(seen)?;
    let Some(text) = text else { return Ok(format!("{{\"{LAST_EVENT_ID}\":{id}}}")) };
    json::glance(&text)?;
    if !text.trim_ascii_start().starts_with('{') {
        return Ok(text);
    }
    let mut members: BTreeMap<String, &RawValue> =
        serde_json::from_str(&text).map_err(|error| Error::malformed(&error))?;
    members.insert(LAST_EVENT_ID.to_owned(), &id);
    Ok(serde_json::to_string(&members)?)
}

/// Returns the texts of a batch by the index of their call. Texts that belong to no call are
/// ignored.
fn by_index(text: &str) -> Result<HashMap<String, &RawValue>> {
    // Check the whole text first: if it is not JSON or has a repeated key, no call gets an input.
    json::glance(text)?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(Error::bad_request("\"input\" needs to be an object when doing a batch call"));
    }
    serde_json::from_str(text).map_err(|error| Error::malformed(&error))
}

#[cfg(test)]
mod tests {
    use super::by_index;

    #[test]
    fn only_the_decimal_form_of_an_index_names_a_call() {
        let members = by_index(r#"{"00":1,"0":2,"+0":3}"#).expect("an object");
        assert_eq!(members.get("0").map(|value| value.get()), Some("2"));
    }
}
