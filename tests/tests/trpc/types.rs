//! The generated type of the router, as tRPC's client and the strict compiler of TypeScript take it.

use velox_rpc::export::TypeScript;
use velox_tests::FrontEnd;

#[test]
fn a_front_end_is_typed_by_the_router_and_wrong_calls_do_not_compile() {
    let service = super::clients::app().into_service().expect("good routes");
    let front_end = FrontEnd::new(env!("CARGO_TARGET_TMPDIR"), "trpc-types");
    front_end.write("app-router.d.ts", &TypeScript::of(service.manifest()).app_router().to_string());
    front_end.check("uses.ts", CLIENT);
}

/// Fails to compile where a type is wider or narrower than it should be.
const CLIENT: &str = r#"
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
