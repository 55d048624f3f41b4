//! Tests the generated router type with tRPC's client, its hooks for React, TanStack's options
//! proxy, and the TypeScript compiler in strict mode.

use serde_json::{Value, json};
use velox_rpc::export::{OpenApi, TypeScript, WideIntegers};
use velox_rpc::{App, Call, Router, Trpc, procedure, schema};
use velox_tests::{Client, FrontEnd};

/// An input that may be left out.
#[schema]
#[serde(transparent)]
struct Place(Option<String>);

#[schema]
struct ListPosts {
    cursor: Option<u32>,
    limit: u32,
}

#[schema]
struct Page {
    items: Vec<String>,
    #[schema(nullable)]
    next_cursor: Option<u32>,
}

#[test]
fn a_front_end_is_typed_by_the_router_and_wrong_calls_do_not_compile() {
    let find = procedure().no_rest().input::<Place>().query(|Call { input, .. }| Ok(input.0));
    let list = procedure()
        .input::<ListPosts>()
        .query(|Call { input, .. }| Ok(Page { items: Vec::new(), next_cursor: Some(input.limit) }));
    let (places, posts) = (Router::new("places").procedure("find", find), Router::new("posts").procedure("list", list));
    let app = super::clients::app().router(places).router(posts);
    let service = app.into_service().expect("good routes");
    let front_end = FrontEnd::new(env!("CARGO_TARGET_TMPDIR"), "trpc-types");
    front_end.write("app-router.d.ts", &TypeScript::of(service.manifest()).app_router().to_string());
    front_end.check("uses.ts", CLIENT);
    front_end.check("queries.ts", OPTIONS_PROXY);
    front_end.check("hooks.ts", HOOKS);
}

/// Routers inside routers.
fn nested() -> App<()> {
    let one = |namespace: &str, name: &str| Router::new(namespace).procedure(name, procedure().query(|_| Ok(1)));
    App::new(())
        .router(one("viewer.bookings", "count"))
        .router(one("viewer", "me"))
        .router(one("viewer.bookings.past", "count").procedure("health", procedure().query(|_| Ok("ok"))))
}

#[tokio::test]
async fn routers_inside_routers_are_typed_and_served() {
    let client = Client::of(nested().trpc("/trpc"));
    let batch = "/trpc/viewer.bookings.count,viewer.me,viewer.bookings.past.count?batch=1";
    let reply = super::get(client.service(), batch).await;
    assert_eq!(reply.body, json!([(); 3].map(|()| json!({"result": {"data": 1}}))));
    assert_eq!(client.get("/api/viewer/bookings/past/count").await.text(), "1");
    let named = nested().caller().call_named("viewer.bookings.past.health", &Value::Null).await;
    assert_eq!(named.result.expect("it succeeds"), "ok");
    let document = OpenApi::new("", "").document(client.service().manifest());
    let operation = &document["paths"]["/api/viewer/bookings/past/health"]["get"];
    assert_eq!(operation["operationId"], "viewer_bookings_past_health");
    assert_eq!(operation["tags"], json!(["viewer.bookings.past"]));

    let front_end = FrontEnd::new(env!("CARGO_TARGET_TMPDIR"), "trpc-nested");
    let check = |name: &str, app: App<()>, uses: &str| {
        let types = TypeScript::of(app.into_service().expect("good routes").manifest());
        front_end.write("app-router.d.ts", &types.app_router().to_string());
        front_end.write("api.ts", &types.to_string());
        front_end.check(name, uses);
    };
    check("nested.ts", nested().trpc("/trpc"), NESTED);
    // The procedures of the root namespace are at the root.
    let root = NESTED.replace("client.viewer.", "client.");
    check("nested-root.ts", nested().trpc(Trpc::at("/trpc").root("viewer")), &root);
}

#[test]
fn the_namespace_at_the_root_is_not_nested() {
    let root = Router::new("app")
        .procedure("health", procedure().query(|_| Ok("ok")).describe("Whether the service runs."))
        .procedure("place", procedure().no_rest().input::<Place>().query(|Call { input, .. }| Ok(input.0)));
    let app = super::clients::app().router(root).trpc(Trpc::at("/trpc").root("app"));
    let service = app.into_service().expect("good routes");
    let front_end = FrontEnd::new(env!("CARGO_TARGET_TMPDIR"), "trpc-root");
    let types = TypeScript::of(service.manifest());
    assert!(types.to_string().contains("app: {"), "REST keeps the namespace");
    front_end.write("app-router.d.ts", &types.app_router().to_string());
    front_end.check("uses.ts", ROOT);
}

#[schema]
struct Transfer {
    amount: i128,
    to: Vec<u64>,
    fee: u32,
}

#[test]
fn wide_integers_have_the_configured_type() {
    let send = procedure().input::<Transfer>().mutation(|Call { input, .. }| Ok(input));
    let service = App::new(()).router(Router::new("bank").procedure("send", send)).trpc("/trpc").into_service();
    let service = service.expect("good routes");
    let front_end = FrontEnd::new(env!("CARGO_TARGET_TMPDIR"), "wide-integers");
    let transformer = ", transformer: { serialize: (value) => value, deserialize: (value) => value }";
    for (name, setting, transformer) in [
        ("number", WideIntegers::Number, ""),
        ("string", WideIntegers::Text, ""),
        ("bigint", WideIntegers::BigInt, transformer),
    ] {
        let types = TypeScript::of(service.manifest()).wide_integers(setting);
        front_end.write("app-router.d.ts", &types.app_router().to_string());
        front_end.check(&format!("{name}.ts"), &TRANSFER.replace("Wide", name).replace(", transformer", transformer));
    }
}

const ROOT: &str = r#"
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import type { AppRouter } from "./app-router";

const client = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: "/trpc" })] });

export async function calls(): Promise<string> {
  const health: string = await client.health.query();
  const place: string | null = await client.place.query("here");
  const id: string = await client.auth.login.mutate({ id: "u1" });
  // @ts-expect-error the procedures of this namespace are at the root
  client.app;
  return [health, place, id].join();
}
"#;

const NESTED: &str = r#"
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import { routes, type Procedures } from "./api";
import type { AppRouter } from "./app-router";

const client = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: "/trpc" })] });
export const past: "/api/viewer/bookings/past/health" = routes.viewer.bookings.past.health.path;
export type Past = Procedures["viewer"]["bookings"]["past"]["health"]["output"];

export async function calls(): Promise<Past> {
  const counts: number[] = [await client.viewer.bookings.count.query(), await client.viewer.me.query()];
  counts.push(await client.viewer.bookings.past.count.query());
  return client.viewer.bookings.past.health.query();
}
"#;

/// Fails to compile if a type is wider or narrower than it should be.
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
  const places: (string | null)[] = [await client.places.find.query(), await client.places.find.query("here")];
  // @ts-expect-error a place is a string
  await client.places.find.query(7);
  // @ts-expect-error an id is a string
  await client.auth.login.mutate({ id: 7 });
  // @ts-expect-error the id is missing
  await client.auth.login.mutate({});
  // @ts-expect-error a query is not a mutation
  await client.auth.getProfile.mutate();
  // @ts-expect-error this procedure does not exist
  await client.auth.nope.query();
  // @ts-expect-error a user has no age
  user.age;
  return [id, email, word, nothing, places].join();
}

export function firstField(error: unknown): string | number | undefined {
  if (!(error instanceof TRPCClientError)) return undefined;
  const typed = error as TRPCClientError<AppRouter>;
  const code: string | undefined = typed.data?.code;
  const tag: string | undefined = typed.data?.tag;
  return typed.data?.issues?.[0]?.path[0] ?? tag ?? code;
}
"#;

const HOOKS: &str = r#"
import { createTRPCReact } from "@trpc/react-query";
import type { inferRouterOutputs } from "@trpc/server";
import type { AppRouter } from "./app-router";

const trpc = createTRPCReact<AppRouter>();
type Page = inferRouterOutputs<AppRouter>["posts"]["list"];

export function Posts(): (string | undefined)[] {
  const utils = trpc.useUtils();
  const list = trpc.posts.list.useInfiniteQuery({ limit: 2 }, { getNextPageParam: (last) => last.nextCursor });
  const titles: string[] = list.data?.pages.flatMap((page: Page) => page.items) ?? [];
  utils.posts.list.setInfiniteData({ limit: 2 }, (old) => old && { ...old, pages: old.pages.slice(1) });
  const login = trpc.auth.login.useMutation({ onSuccess: () => utils.auth.getProfile.invalidate() });
  login.mutate({ id: "u1" });
  // @ts-expect-error an id is a string
  login.mutate({ id: 7 });
  // @ts-expect-error a query without a cursor has no pages
  trpc.shop.slow.useInfiniteQuery({ word: "slow" }, { getNextPageParam: () => null });
  return [...titles, trpc.auth.getProfile.useQuery().data?.email];
}
"#;

const OPTIONS_PROXY: &str = r#"
import { QueryClient, useInfiniteQuery, useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import type { AppRouter } from "./app-router";

const queryClient = new QueryClient();
const client = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: "/trpc" })] });
const trpc = createTRPCOptionsProxy<AppRouter>({ client, queryClient });

export function Profile(): string {
  const profile = useQuery(trpc.auth.getProfile.queryOptions());
  const email: string | undefined = profile.data?.email;
  const word: string = useSuspenseQuery(trpc.shop.slow.queryOptions({ word: "slow" })).data;
  const length = useQuery(trpc.shop.slow.queryOptions({ word: "slow" }, { select: (word) => word.length }));
  const count: number | undefined = length.data;
  const issues: string[] | undefined = profile.error?.data?.issues?.map((issue) => issue.message);
  // @ts-expect-error a user has no age
  profile.data?.age;
  // @ts-expect-error a word is a string
  trpc.shop.slow.queryOptions({ word: 7 });
  // @ts-expect-error the word is missing
  trpc.shop.slow.queryOptions();
  // @ts-expect-error a mutation is not a query
  trpc.auth.login.queryOptions({ id: "u1" });
  // @ts-expect-error this procedure does not exist
  trpc.auth.nope.queryOptions();
  return [email, word, count, issues].join();
}

export function Posts(): string[] {
  const options = trpc.posts.list.infiniteQueryOptions({ limit: 2 }, { getNextPageParam: (last) => last.nextCursor });
  return useInfiniteQuery(options).data?.pages.flatMap((page) => page.items) ?? [];
}

export function Login(): void {
  const login = useMutation(trpc.auth.login.mutationOptions({
    onSuccess: (id) => {
      const text: string = id;
      return [text, queryClient.invalidateQueries({ queryKey: trpc.auth.getProfile.queryKey() })];
    },
    onError: (error) => error.data?.tag === "SESSION_UNAUTHORIZED",
  }));
  login.mutate({ id: "u1" });
  // @ts-expect-error an id is a string
  login.mutate({ id: 7 });
  // @ts-expect-error the id is missing
  login.mutate({});
  // @ts-expect-error an id is not a number
  const wrong: number | undefined = login.data;
  // @ts-expect-error a query is not a mutation
  trpc.auth.getProfile.mutationOptions();
}

export async function cached(): Promise<string | undefined> {
  const user = await queryClient.fetchQuery(trpc.auth.getProfile.queryOptions());
  const word = queryClient.getQueryData(trpc.shop.slow.queryKey({ word: "slow" }));
  // @ts-expect-error a word is not a number
  queryClient.setQueryData(trpc.shop.slow.queryKey({ word: "slow" }), 7);
  return word ?? user.email;
}
"#;

const TRANSFER: &str = r#"
import { createTRPCClient, httpBatchLink } from "@trpc/client";
import type { AppRouter } from "./app-router";

const client = createTRPCClient<AppRouter>({ links: [httpBatchLink({ url: "/trpc", transformer })] });

export async function send(amount: Wide, other: Exclude<number | string | bigint, Wide>): Promise<Wide> {
  const sent = await client.bank.send.mutate({ amount, to: [amount], fee: 1 });
  const to: Wide[] = sent.to;
  const fee: number = sent.fee;
  // @ts-expect-error it has the configured type
  await client.bank.send.mutate({ amount: other, to: [], fee });
  // @ts-expect-error the same holds in a list
  await client.bank.send.mutate({ amount, to: [other], fee });
  // @ts-expect-error the same holds for an output
  const wrong: typeof other = sent.amount;
  return to[0] ?? sent.amount;
}
"#;
