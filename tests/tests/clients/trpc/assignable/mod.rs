//! Tests that the JSON which serde writes fits the exported types, and that JSON which serde never
//! writes does not. The TypeScript compiler in strict mode decides. The JSON also has to fit the
//! schemas of the OpenAPI document.

mod enums;
mod fields;
mod inputs;
mod named;
mod values;

use schemars::JsonSchema;
use serde::Serialize;
use velox_rpc::export::{OpenApi, TypeScript};
use velox_rpc::procedure::{Input, Outcome, Procedure};
use velox_rpc::{App, Error, Result, Router, procedure};
use velox_tests::FrontEnd;

#[test]
fn the_json_of_serde_fits_the_exported_types() {
    let mut table = Table::default();
    for rows in [values::rows, named::rows, fields::rows, enums::rows, inputs::rows] {
        rows(&mut table);
    }
    let router = table
        .procedures
        .into_iter()
        .zip(0..)
        .fold(Router::new("t"), |router, (procedure, index)| router.procedure(format!("p{index}"), procedure));
    let service = App::new(()).router(router).trpc("/trpc").into_service().expect("good routes");
    let document = OpenApi::new("", "").document(service.manifest());
    for (procedure, json) in &table.valid {
        let schema = [("get", "/responses/200"), ("post", "/requestBody")].iter().find_map(|(method, place)| {
            let operation = &document["paths"][format!("/api/t/{procedure}")][method];
            operation.pointer(&format!("{place}/content/application~1json/schema")).cloned()
        });
        let mut schema = schema.unwrap_or_else(|| panic!("no schema of {procedure}"));
        schema["components"] = document["components"].clone();
        let value = serde_json::from_str(json).expect("JSON");
        jsonschema::draft202012::validate(&schema, &value).unwrap_or_else(|error| panic!("{json}: {error}"));
    }
    let types = TypeScript::of(service.manifest());
    let front_end = FrontEnd::new(env!("CARGO_TARGET_TMPDIR"), "assignable");
    front_end.write("procedures.ts", &types.to_string());
    front_end.write("app-router.d.ts", &types.app_router().to_string());
    front_end.check("rest.ts", &format!("{REST}{}", table.lines));
    front_end.check("trpc.ts", &format!("{TRPC}{}", table.lines));
}

/// Procedures whose outputs and inputs are the types to test, and a line of TypeScript for each
/// value.
#[derive(Default)]
struct Table {
    procedures: Vec<Procedure<()>>,
    lines: String,
    /// The name of a procedure, and JSON that its type writes or reads.
    valid: Vec<(String, String)>,
}

impl Table {
    /// Adds an output type: values of it, and JSON that it never writes.
    fn writes<T>(&mut self, values: impl IntoIterator<Item = T>, wrong: &[&str])
    where
        T: Serialize + JsonSchema + Send + 'static,
    {
        let right = values.into_iter().map(|value| {
            let output = Outcome::json(&value).expect("it is written");
            String::from_utf8(output.as_json().to_vec()).expect("JSON is UTF-8")
        });
        self.add::<T>("Written", right.collect(), wrong);
        self.procedures.push(procedure().query(|_| -> Result<T> { Err(nobody()) }).into());
    }

    /// Adds an input type: JSON that serde reads, and JSON that a front end must not send.
    fn reads<T>(&mut self, right: &[&str], wrong: &[&str])
    where
        T: Input,
    {
        for json in right {
            serde_json::from_str::<T>(json).unwrap_or_else(|error| panic!("{json}: {error}"));
        }
        self.add::<T>("Read", right.iter().map(|&json| json.to_owned()).collect(), wrong);
        self.procedures.push(procedure().input::<T>().mutation(|_| -> Result<bool> { Err(nobody()) }).into());
    }

    fn add<T>(&mut self, side: &str, right: Vec<String>, wrong: &[&str]) {
        assert!(!right.is_empty() && !wrong.is_empty(), "each type needs valid and invalid JSON");
        let (row, name) = (self.procedures.len(), std::any::type_name::<T>());
        self.valid.extend(right.iter().map(|json| (format!("p{row}"), json.clone())));
        for (json, index) in right.iter().zip(0..) {
            self.lines += &format!("const right{row}_{index}: {side}<\"p{row}\"> = {json}; // {name}\n");
        }
        for (json, index) in wrong.iter().zip(0..) {
            let line = format!("const wrong{row}_{index}: {side}<\"p{row}\"> = {json};\n");
            self.lines += &format!("// @ts-expect-error {name}\n{line}");
        }
    }
}

fn nobody() -> Error {
    Error::internal("nobody calls it")
}

const REST: &str = r#"
import type { Procedures } from "./procedures";
type Written<P extends keyof Procedures["t"]> = Procedures["t"][P]["output"];
type Read<P extends keyof Procedures["t"]> = Procedures["t"][P]["input"];
"#;

const TRPC: &str = r#"
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import type { AppRouter } from "./app-router";
type Outputs = inferRouterOutputs<AppRouter>["t"];
type Inputs = inferRouterInputs<AppRouter>["t"];
type Written<P extends keyof Outputs> = Outputs[P];
type Read<P extends keyof Inputs> = Inputs[P];
"#;
