// The form for login and sign-up.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { FormEvent } from "react";
import { issuesOf, messageOf, trpc } from "./api";
import { Button, Field, Logo } from "./parts";
import { ThemeToggle } from "./theme-toggle";
import type { Account } from "./app-router";

type Way = "log-in" | "sign-up";

export function WelcomePage({ notice, onEnter }: { notice: string | undefined; onEnter: (user: Account) => void }) {
  const [way, setWay] = useState<Way>("log-in");
  const choice = (value: Way, label: string) => (
    <label>
      <input type="radio" name="way" checked={way === value} onChange={() => setWay(value)} />
      <span>{label}</span>
    </label>
  );
  return (
    <div className="welcome">
      <header className="bar">
        <Logo />
        <ThemeToggle />
      </header>
      <main>
        <div className="pitch">
          <h1>One list for everyone</h1>
          <p>When somebody adds an item or checks one off, everyone sees it right away.</p>
        </div>
        <section className="card" aria-label="Log in or sign up">
          {notice && <p className="notice" role="alert">{notice}</p>}
          <fieldset className="choice">
            <legend className="unseen">Do you have an account?</legend>
            {choice("log-in", "Log in")}
            {choice("sign-up", "Sign up")}
          </fieldset>
          {way === "log-in" ? <LogIn onEnter={onEnter} /> : <SignUp onEnter={onEnter} />}
        </section>
      </main>
    </div>
  );
}

function LogIn({ onEnter }: { onEnter: (user: Account) => void }) {
  const logIn = useMutation(trpc.auth.logIn.mutationOptions({ onSuccess: onEnter }));
  const issues = issuesOf(logIn.error);
  return (
    <form noValidate onSubmit={(event) => logIn.mutate(texts(event, "email", "password"))}>
      <Field label="Email" name="email" type="email" autoComplete="username" issue={issues["email"]} />
      <Field label="Password" name="password" type="password" autoComplete="current-password" issue={issues["password"]} />
      <Failure error={logIn.error} />
      <Button kind="primary" type="submit" disabled={logIn.isPending}>Log in</Button>
    </form>
  );
}

function SignUp({ onEnter }: { onEnter: (user: Account) => void }) {
  const signUp = useMutation(trpc.auth.signUp.mutationOptions({ onSuccess: onEnter }));
  const issues = issuesOf(signUp.error);
  return (
    <form noValidate onSubmit={(event) => signUp.mutate(texts(event, "name", "email", "password"))}>
      <Field label="Name" name="name" autoComplete="name" issue={issues["name"]} />
      <Field label="Email" name="email" type="email" autoComplete="username" issue={issues["email"]} />
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="new-password"
        hint="At least 8 characters"
        issue={issues["password"]}
      />
      <Failure error={signUp.error} />
      <Button kind="primary" type="submit" disabled={signUp.isPending}>Create account</Button>
    </form>
  );
}

// An error that is not about a single field. Those are shown at their fields.
function Failure({ error }: { error: unknown }) {
  if (!error || Object.keys(issuesOf(error)).length > 0) return null;
  return <p className="issue" role="alert">{messageOf(error)}</p>;
}

// The texts in the fields of a submitted form.
function texts<Name extends string>(event: FormEvent<HTMLFormElement>, ...names: Name[]): Record<Name, string> {
  event.preventDefault();
  const typed = new FormData(event.currentTarget);
  const entries = names.map((name) => [name, String(typed.get(name) ?? "")] as const);
  return Object.fromEntries(entries) as Record<Name, string>;
}
