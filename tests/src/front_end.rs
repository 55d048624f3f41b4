//! A TypeScript front end, compiled in strict mode.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::node::packages;

/// A folder of TypeScript files that can import the packages of the folder `node`.
#[derive(Debug)]
pub struct FrontEnd {
    folder: PathBuf,
}

impl FrontEnd {
    /// Makes the folder below `target`, which is the `env!("CARGO_TARGET_TMPDIR")` of a test.
    ///
    /// # Panics
    ///
    /// Panics if the folder cannot be made.
    pub fn new(target: &str, name: &str) -> Self {
        let folder = Path::new(target).join(name);
        fs::create_dir_all(&folder).expect("the target folder can be written to");
        let modules = folder.join("node_modules");
        if !modules.exists() {
            // A dangling link from an earlier run would prevent the new one.
            fs::remove_file(&modules).ok();
            std::os::unix::fs::symlink(packages(), modules).expect("a link");
        }
        Self { folder }
    }

    /// Writes a file.
    ///
    /// # Panics
    ///
    /// Panics if the file cannot be written.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).expect("the folder can be written to");
        path
    }

    /// Compiles a file, which must have no errors except those marked `// @ts-expect-error` on the
    /// line before. It is compiled again without the marks. Then exactly the marked lines must have
    /// errors, so that no mark is met by chance.
    ///
    /// # Panics
    ///
    /// Panics if the errors differ from the marks.
    pub fn check(&self, name: &str, text: &str) {
        let (refused, printed) = self.compile(name, text);
        assert!(refused.is_empty(), "{printed}");
        let expected = text.lines().zip(2..).filter(|(line, _)| line.contains(EXPECTED)).map(|(_, next)| next);
        let (refused, printed) = self.compile(name, &text.replace(EXPECTED, "//"));
        assert_eq!(refused, expected.collect(), "{printed}");
        self.write(name, text);
    }

    /// Runs a file of the folder in Node with an argument, and returns what it prints.
    ///
    /// # Panics
    ///
    /// Panics if it does not compile, or if it fails.
    pub fn run(&self, name: &str, argument: &str) -> String {
        let build = ["--module", "commonjs", "--moduleResolution", "bundler", "--outDir", "out"];
        let built = self.tsc(&build).arg(name).output().expect("Node is installed");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stdout));
        let program = self.folder.join("out").join(name).with_extension("js");
        let run = Command::new("node").arg(program).arg(argument).output().expect("Node is installed");
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        String::from_utf8(run.stdout).expect("text")
    }

    /// Returns the command for the TypeScript compiler in this folder.
    fn tsc(&self, more: &[&str]) -> Command {
        let mut command = Command::new("node");
        command.arg(packages().join("typescript/bin/tsc")).args(OPTIONS).args(more).current_dir(&self.folder);
        command
    }

    /// Compiles a file. Returns the lines with errors, and the compiler's output.
    fn compile(&self, name: &str, text: &str) -> (BTreeSet<usize>, String) {
        self.write(name, text);
        let run = self.tsc(&["--noEmit", "--module", "preserve", name]).output().expect("Node is installed");
        let printed = [run.stdout, run.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        let refused: BTreeSet<usize> = printed
            .lines()
            .filter(|line| line.contains("error TS"))
            .map(|line| line_of(line, name, &printed))
            .collect();
        assert_eq!(run.status.success(), refused.is_empty(), "{printed}");
        (refused, printed)
    }
}

/// Returns the line number of a diagnostic such as `uses.ts(7,3): error TS2322: …`.
fn line_of(diagnostic: &str, name: &str, printed: &str) -> usize {
    let number = diagnostic.strip_prefix(name).and_then(|rest| rest.strip_prefix('(')?.split(',').next()?.parse().ok());
    number.unwrap_or_else(|| panic!("not a diagnostic for {name}: {printed}"))
}

const EXPECTED: &str = "// @ts-expect-error";
const OPTIONS: [&str; 8] = [
    "--strict",
    "--exactOptionalPropertyTypes",
    "--noUncheckedIndexedAccess",
    "--lib",
    "esnext,dom",
    "--pretty",
    "false",
    "--ignoreConfig",
];
