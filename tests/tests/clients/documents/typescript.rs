use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use velox_rpc::export::TypeScript;
use velox_rpc::{App, Router, procedure};
use velox_tests::{Client, FrontEnd};

use crate::documents::app::app;

fn types() -> TypeScript {
    TypeScript::of(Client::of(app()).service().manifest())
}

#[test]
fn the_module_is_as_recorded() {
    insta::assert_snapshot!(types().to_string());
}

#[test]
fn types_never_get_names_that_typescript_reserves() {
    #[derive(Serialize, Deserialize, JsonSchema)]
    struct Query {
        text: String,
    }
    #[derive(Serialize, Deserialize, JsonSchema)]
    #[schemars(rename = "string")]
    struct Text {
        text: String,
    }
    #[derive(Serialize, Deserialize, JsonSchema)]
    #[schemars(rename = "A<B>")]
    struct Odd {
        text: String,
    }
    let texts = Router::new("texts")
        .procedure("a", procedure().query(|_| Ok(Query { text: String::new() })))
        .procedure("b", procedure().query(|_| Ok(Text { text: String::new() })))
        .procedure("c", procedure().query(|_| Ok(Odd { text: String::new() })));
    let service = App::new(()).router(texts).into_service().expect("it starts");
    let outputs: Vec<_> =
        TypeScript::of(service.manifest()).procedures().iter().map(|one| one.output().to_owned()).collect();
    assert_eq!(outputs, ["Query2", "string2", "A_B_"]);
}

#[test]
fn the_module_compiles_in_strict_mode_and_rejects_wrong_uses() {
    let front_end = FrontEnd::new(env!("CARGO_TARGET_TMPDIR"), "procedures");
    front_end.write("procedures.ts", &types().to_string());
    front_end.check("uses.ts", USES);
}

/// Fails to compile if a type is wider or narrower than it should be.
const USES: &str = r#"
import type { Procedures, Drawing, Shape, Address, AddressInput } from "./procedures";

type Input<N extends keyof Procedures, P extends keyof Procedures[N]> = Procedures[N][P] extends { input: infer I } ? I : never;
type Output<N extends keyof Procedures, P extends keyof Procedures[N]> = Procedures[N][P] extends { output: infer O } ? O : never;
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
const yes = <T extends true>(): T | undefined => undefined;

yes<Same<Input<"users", "count">, void>>();
yes<Same<Output<"users", "count">, number>>();
yes<Same<Output<"users", "deleteUser">, null>>();
yes<Same<Procedures["users"]["count"]["kind"], "query">>();
yes<Same<Procedures["users"]["createUser"]["kind"], "mutation">>();

const list: Input<"users", "listUsers"> = { page: 2, search: undefined };
const everything: Input<"users", "listUsers"> = {};
const users = (output: Output<"users", "listUsers">): string[] => output.items.map((user) => user.email);
// @ts-expect-error the name is missing
const created: Input<"users", "createUser"> = { email: "ada@example.com" };
// @ts-expect-error an id is a string
const byId: Input<"users", "getUser"> = { id: 7 };

function area(shape: Shape): number {
  switch (shape.kind) {
    case "circle": return shape.radius ** 2 * Math.PI;
    case "box": return shape.width * shape.height;
    case "group": return shape.parts.map(area).reduce((sum, part) => sum + part, 0);
  }
}
const corner = (drawing: Drawing): [number, number] => drawing.origin;
const label = (drawing: Drawing): string | undefined => drawing.labels["x"];
const by = (drawing: Drawing): string | null | undefined => drawing["made-by"];

const read: AddressInput = { city: "Paris", zip: "75001" };
// @ts-expect-error an output has its country
const written: Address = { city: "Paris", zip: "75001" };
"#;
