//! The generated type of the router, as tRPC's client and the strict compiler of TypeScript take it.

use std::fs;
use std::path::{Path, PathBuf};

use velox_rpc::export::TypeScript;
use velox_tests::node;

/// A folder of this test's own in the target folder, in which the packages of `tests/node` are found.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    let packages = folder.join("node_modules");
    if !packages.exists() {
        std::os::unix::fs::symlink(Path::new(env!("CARGO_MANIFEST_DIR")).join("node/node_modules"), packages)
            .expect("a link");
    }
    folder
}

fn compile(folder: &Path) {
    let options = [
        "--noEmit",
        "--strict",
        "--exactOptionalPropertyTypes",
        "--module",
        "preserve",
        "--lib",
        "esnext,dom",
        "--ignoreConfig",
    ];
    let uses = folder.join("uses.ts");
    let arguments: Vec<&Path> = options.iter().map(Path::new).chain([&*uses]).collect();
    node("node_modules/typescript/bin/tsc", &arguments);
}

#[test]
fn a_front_end_is_typed_by_the_router_and_wrong_calls_do_not_compile() {
    let service = super::clients::app().into_service().expect("good routes");
    let folder = folder("trpc-types");
    fs::write(folder.join("app-router.d.ts"), TypeScript::of(service.manifest()).app_router().to_string())
        .expect("a file");
    fs::write(folder.join("uses.ts"), USES).expect("a file");
    compile(&folder);
    // The expectations of errors above mean something: without them the same calls are refused.
    fs::write(folder.join("uses.ts"), USES.replace("// @ts-expect-error", "//")).expect("a file");
    assert!(std::panic::catch_unwind(|| compile(&folder)).is_err());
}

/// Fails to compile where a type is wider or narrower than it should be.
const USES: &str = r#"
import { createTRPCClient, httpBatchLink, TRPCClientError } from "@trpc/client";
import type { AppRouter } from "./app-router";

const client = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: "/trpc" })] });

export async function calls(): Promise<string> {
  const id: string = await client.auth.login.mutate({ id: "u1" });
  const user = await client.auth.getProfile.query();
  const email: string = user.email;
  const word: string = await client.shop.slow.query({ word: "slow" });
  const nothing: undefined = await client.shop.nothing.query();
  // @ts-expect-error an id is a text
  await client.auth.login.mutate({ id: 7 });
  // @ts-expect-error the id is missing
  await client.auth.login.mutate({});
  // @ts-expect-error a query is no mutation
  await client.auth.getProfile.mutate();
  // @ts-expect-error there is no such procedure
  await client.auth.nope.query();
  // @ts-expect-error a user has no age
  user.age;
  return [id, email, word, nothing].join();
}

export function firstField(error: unknown): string | number | undefined {
  if (!(error instanceof TRPCClientError)) return undefined;
  const typed = error as TRPCClientError<AppRouter>;
  const code: string | undefined = typed.data?.code;
  const tag: string | undefined = typed.data?.tag;
  return typed.data?.issues?.[0]?.path[0] ?? tag ?? code;
}
"#;
