//! Gives integers and times the formats of the OpenAPI format registry.

use serde_json::Value;

/// Replaces the formats of schemars that the registry does not have. It has none for integers of
/// 128 bits, so the document gives them none.
pub(super) fn register(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let registered = match members.get("format").and_then(Value::as_str) {
                Some("int") => Some("int64"),
                Some("uint") => Some("uint64"),
                Some("partial-date-time") => Some("date-time-local"),
                Some("partial-time") => Some("time-local"),
                _ => None,
            };
            if let Some(format) = registered {
                members.insert("format".to_owned(), format.into());
            } else if members.get("format").is_some_and(|format| format == "int128" || format == "uint128") {
                members.remove("format");
            }
            members.values_mut().for_each(register);
        }
        Value::Array(items) => items.iter_mut().for_each(register),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use schemars::schema_for;

    use super::*;

    #[test]
    fn every_integer_has_a_registered_format_or_none() {
        let mut schemas = [
            Value::from(schema_for!(isize)),
            schema_for!(Option<usize>).into(),
            schema_for!(Vec<u128>).into(),
            schema_for!(i128).into(),
            schema_for!(u8).into(),
            schema_for!(i64).into(),
        ];
        schemas.iter_mut().for_each(register);
        let format = |schema: &Value| schema.get("format").and_then(Value::as_str).map(str::to_owned);
        assert_eq!(format(&schemas[2]["items"]), None);
        let formats = schemas.each_ref().map(format);
        let expected = [Some("int64"), Some("uint64"), None, None, Some("uint8"), Some("int64")];
        assert_eq!(formats.each_ref().map(Option::as_deref), expected);
    }
}
