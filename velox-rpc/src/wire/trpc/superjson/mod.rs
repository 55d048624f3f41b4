//! Implements superjson as the transformer: it sends `{"json": …, "meta": …}` in place of JSON, so
//! that a client gets dates, bigints, sets and maps.
//!
//! velox annotates what it sends according to the schema of its type ([`rich_type`]). For what it
//! receives, it follows the client's annotations. Procedures always read and write plain JSON, so
//! they need not know about superjson.

mod decode;
mod encode;
mod marks;
mod path;
mod rich_type;
#[cfg(test)]
mod tests;

use self::decode::decode;
use self::encode::encode;
use self::rich_type::RichType;
use crate::error::Result;
use crate::procedure::Endpoint;
use crate::router::ManifestEntry;

/// The types of the inputs and outputs of all procedures, by the index of the procedure.
pub(super) struct Superjson {
    inputs: Vec<Option<RichType>>,
    /// `None` if plain JSON expresses the whole output.
    outputs: Vec<Option<RichType>>,
}

impl Superjson {
    pub(super) fn of(endpoints: &[Endpoint]) -> Self {
        let input = |endpoint: &Endpoint| {
            let shape = endpoint.meta.input.as_ref()?;
            Some(RichType::new(ManifestEntry::input_settings(), |generator| shape.schema_in(generator)))
        };
        let output = |endpoint: &Endpoint| {
            let rich_type = RichType::new(ManifestEntry::output_settings(), endpoint.meta.output);
            (!rich_type.is_plain()).then_some(rich_type)
        };
        Self { inputs: endpoints.iter().map(input).collect(), outputs: endpoints.iter().map(output).collect() }
    }

    /// Decodes the input of a procedure into plain JSON. `None` is TypeScript's `undefined`.
    ///
    /// # Errors
    ///
    /// Returns 400 if the text is not superjson or contains a value that no Rust type has.
    pub(super) fn read(&self, procedure: Option<usize>, text: &str) -> Result<Option<String>> {
        decode(text, procedure.and_then(|procedure| self.inputs[procedure].as_ref()))
    }

    /// Encodes the output of a procedure and appends it to `to`.
    pub(super) fn write(&self, procedure: usize, json: &[u8], to: &mut Vec<u8>) {
        wrap(to, |to| self.write_within(procedure, None, json, to));
    }

    /// Appends the JSON of an output that is part of a larger value. Returns its annotations; their
    /// paths begin with `prefix`.
    pub(super) fn write_within(
        &self,
        procedure: usize,
        prefix: Option<&str>,
        json: &[u8],
        to: &mut Vec<u8>,
    ) -> Option<String> {
        let (Some(rich_type), Ok(text)) = (&self.outputs[procedure], std::str::from_utf8(json)) else {
            to.extend(json);
            return None;
        };
        let encoded = encode(text, rich_type, prefix);
        to.extend(encoded.json.as_bytes());
        encoded.values
    }
}

/// Writes superjson's envelope around a value. `write` writes the JSON of the value and returns its
/// annotations.
pub(super) fn wrap(to: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Option<String>) {
    to.extend(br#"{"json":"#);
    if let Some(values) = write(to) {
        to.extend(format!(r#","meta":{{"values":{values},"v":1}}"#).as_bytes());
    }
    to.push(b'}');
}

/// TypeScript's `undefined`, as superjson encodes it.
pub(super) const UNDEFINED: &[u8] = br#"{"json":null,"meta":{"values":["undefined"],"v":1}}"#;
