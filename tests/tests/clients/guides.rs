//! Compiles the TypeScript blocks of the guides: clients of velox, and code for tRPC and Zod that
//! the guides compare with Rust.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use futures_util::stream;
use velox_rpc::export::TypeScript;
use velox_rpc::{App, Call, Router, Subscription, Trpc, procedure, schema};
use velox_tests::FrontEnd;

/// The lines that each TypeScript block of a guide needs before it, in the order of the blocks.
/// `None` marks a block for Express, VeloxTS or Vite, which the tests do not install.
const BLOCKS: [(&str, &[Option<&str>]); 7] = [
    ("from-express.md", &[None]),
    ("from-trpc.md", &[Some(TRPC_SERVER)]),
    ("from-veloxts.md", &[None, None, None]),
    ("live-data.md", &[Some("import type { AppRouter } from './app-router';"), Some(""), Some(SUBSCRIPTIONS)]),
    ("openapi.md", &[Some(""), Some("")]),
    ("trpc.md", &[Some(""), None, Some(SUPERJSON)]),
    ("validation.md", &[Some(ZOD), Some(ZOD)]),
];

#[test]
fn the_typescript_of_the_guides_compiles() {
    let front_end = FrontEnd::new(env!("CARGO_TARGET_TMPDIR"), "guides");
    front_end.write("api.ts", &types(app()).to_string());
    front_end.write("app-router.d.ts", &types(app()).app_router().to_string());
    front_end.write("superjson-router.d.ts", &types(superjson()).app_router().to_string());

    let mut guides: Vec<PathBuf> =
        fs::read_dir(docs()).expect("the guides").map(|file| file.expect("an entry").path()).collect();
    guides.sort();
    let mut seen = Vec::new();
    for guide in guides {
        let name = guide.file_name().expect("a file").to_str().expect("ASCII");
        let text = fs::read_to_string(&guide).expect("UTF-8");
        let blocks = blocks(&text);
        if blocks.is_empty() {
            continue;
        }
        let (_, before) = BLOCKS.iter().find(|(known, _)| *known == name).expect(name);
        assert_eq!(blocks.len(), before.len(), "{name}");
        for (number, (block, before)) in blocks.iter().zip(*before).enumerate() {
            let Some(before) = before else { continue };
            // Another block may import one that names its file.
            let file = match block.split_once('\n') {
                Some((first, _)) if first.starts_with("// ") => first["// ".len()..].to_owned(),
                _ => name.replace(".md", &format!("-{number}.ts")),
            };
            // `export` makes a file without imports a module, so that names do not collide.
            front_end.check(&file, &format!("{before}\n{block}\nexport {{}};\n"));
        }
        seen.push(name.to_owned());
    }
    assert_eq!(seen, BLOCKS.map(|(name, _)| name));
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("velox-session/src/docs")
}

fn blocks(guide: &str) -> Vec<&str> {
    let starts = guide.split("\n```ts\n").skip(1);
    starts.map(|rest| rest.split_once("\n```").expect("the end of a block").0).collect()
}

fn types(app: App<()>) -> TypeScript {
    TypeScript::of(app.into_service().expect("good routes").manifest())
}

#[schema]
struct ById {
    id: u64,
}

#[schema]
struct User {
    id: u64,
    name: String,
}

#[schema]
struct Count {
    to: u32,
}

#[schema]
struct Booking {
    id: u64,
    from: DateTime<Utc>,
    guests: BTreeSet<String>,
}

/// The procedures that the clients in the guides call, as the guides write them in Rust.
fn app() -> App<()> {
    fn on_count() -> Subscription<Count, u32> {
        procedure().input::<Count>().subscription(|Call { input, .. }| stream::iter((1..=input.to).map(Ok)))
    }
    let user = |Call { input, .. }: Call<_, ById>| Ok(User { id: input.id, name: String::new() });
    App::new(())
        .router(Router::new("health").procedure("getHealth", procedure().query(|_| Ok("ok"))))
        .router(Router::new("live").procedure("onCount", on_count()))
        .router(Router::new("users").procedure("getUser", procedure().input::<ById>().query(user)))
        .trpc("/trpc")
}

fn superjson() -> App<()> {
    let book = procedure().input::<Booking>().mutation(|Call { input, .. }| Ok(input));
    App::new(()).router(Router::new("bookings").procedure("book", book)).trpc(Trpc::at("/trpc").superjson())
}

const SUBSCRIPTIONS: &str = "import { httpSubscriptionLink } from '@trpc/client';";

const SUPERJSON: &str = "
import { createTRPCClient, httpBatchLink } from '@trpc/client';
import superjson from 'superjson';
import type { AppRouter } from './superjson-router';
";

const TRPC_SERVER: &str = "
import { initTRPC, TRPCError } from '@trpc/server';
import { z } from 'zod';
type Post = { id: string };
type Posts = { find(id: string): Promise<Post | null>; create(user: string, title: string): Promise<Post> };
type Context = { db: { posts: Posts }; user?: { id: string } };
";

const ZOD: &str = "import { z } from 'zod';";
