// Builds the front end into `../dist`, or into the folder given as the argument. The result depends
// only on the sources.
import { cp } from "node:fs/promises";
import { resolve } from "node:path";
import { build } from "esbuild";

const outdir = resolve(process.argv[2] ?? resolve(import.meta.dirname, "../dist"));

await build({
  absWorkingDir: import.meta.dirname,
  entryPoints: ["src/app.tsx", "src/app.css", "src/theme.ts"],
  outdir,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "warning",
});
for (const file of ["index.html", "icon.svg"]) {
  await cp(resolve(import.meta.dirname, "src", file), resolve(outdir, file));
}
