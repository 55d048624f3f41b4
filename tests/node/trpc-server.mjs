// The standalone adapter of @trpc/server, with the bench app's procedures that
// `tests/measure/trpc-server` calls. Argument: the port.
import { initTRPC } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";

const [port] = process.argv.slice(2);
const { procedure, router } = initTRPC.create();

// The checks of the bench app's `Echo`, written by hand because no schema library is faster.
function echo(input) {
  if (typeof input !== "object" || input === null) throw new Error("Expected object");
  const { name, age } = input;
  if (typeof name !== "string" || name.length < 1 || name.length > 100) throw new Error("name: 1 to 100 characters");
  if (!Number.isInteger(age) || age < 0 || age > 150) throw new Error("age: an integer from 0 to 150");
  return { name, age };
}

const plain = router({
  echo: procedure.input(echo).mutation(({ input }) => input),
  repeat: procedure.input(echo).query(({ input }) => input),
});
createHTTPServer({ router: router({ plain }), basePath: "/trpc/" }).listen(Number(port), "127.0.0.1");
