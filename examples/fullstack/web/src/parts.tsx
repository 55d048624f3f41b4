// Small components that several pages use.
import { useId } from "react";
import type { ComponentProps, ReactNode } from "react";

export function Button({ kind = "plain", ...rest }: ComponentProps<"button"> & { kind?: "plain" | "primary" | "quiet" }) {
  return <button type="button" {...rest} className={`button ${kind}`} />;
}

export function Logo() {
  return (
    <span className="logo">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <circle cx="12" cy="16" r="8" />
        <circle cx="20" cy="16" r="8" />
      </svg>
      Tandem
    </span>
  );
}

// A text field with its label and its error message.
export function Field({ label, issue, hint, ...input }: ComponentProps<"input"> & { label: string; issue?: string | undefined; hint?: string }) {
  const id = useId();
  const note: ReactNode = issue ?? hint;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input {...input} id={id} aria-invalid={issue !== undefined} aria-describedby={note ? `${id}-note` : undefined} />
      {note && <p id={`${id}-note`} className={issue ? "issue" : "hint"}>{note}</p>}
    </div>
  );
}

// The initials of a name, in a color that depends on the id.
export function Avatar({ id, name }: { id: string; name: string }) {
  const letters = name.split(/\s+/).slice(0, 2).map((word) => [...word][0] ?? "");
  const hue = [...id].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % COLORS, 0);
  return <span className={`avatar hue-${hue}`} aria-hidden="true">{letters.join("").toUpperCase()}</span>;
}

const COLORS = 6;
