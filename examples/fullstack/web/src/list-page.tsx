// The list, and the account menu.
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { messageOf, trpc } from "./api";
import { Avatar, Button, Logo } from "./parts";
import { ThemeToggle } from "./theme-toggle";
import { useItems } from "./use-items";
import type { Connection } from "./use-items";
import type { Account, Item } from "./app-router";

export function ListPage({ user, onLeave }: { user: Account; onLeave: (farewell: string) => void }) {
  const logOut = useMutation(trpc.auth.logOut.mutationOptions({ onSuccess: () => onLeave("You have logged out.") }));
  const logOutEverywhere = useMutation(
    trpc.auth.logOutEverywhere.mutationOptions({ onSuccess: () => onLeave("You have logged out everywhere.") }),
  );
  // Do not tell users who log out that their session has ended.
  const isLeaving = logOut.isPending || logOutEverywhere.isPending;
  const list = useItems({
    user,
    isFollowing: !isLeaving,
    onLoggedOut: () => onLeave("Your session has ended. Please log in again."),
  });
  const failure = logOut.error ?? logOutEverywhere.error;

  return (
    <div className="list-page">
      <header className="bar">
        <Logo />
        <div className="tools">
          <ConnectionState connection={list.connection} />
          <ThemeToggle />
          <button type="button" className="icon-button" popoverTarget="account">
            <span className="unseen">Account menu for {user.name}</span>
            <Avatar id={user.id} name={user.name} />
          </button>
          <div id="account" className="menu" popover="auto">
            <p>
              <strong>{user.name}</strong>
              <span>{user.email}</span>
            </p>
            <Button kind="quiet" disabled={isLeaving} onClick={() => logOut.mutate()}>Log out</Button>
            <Button kind="quiet" disabled={isLeaving} onClick={() => logOutEverywhere.mutate()}>Log out everywhere</Button>
          </div>
        </div>
      </header>
      <main>
        <Progress items={list.items} />
        {list.connection === "ended" && !isLeaving && (
          <div className="notice">
            <p>Live updates have stopped.</p>
            <Button onClick={list.reconnect}>Reconnect</Button>
          </div>
        )}
        <NewItem onAdd={list.add} />
        {(list.failure || failure) && <p className="issue" role="alert">{list.failure ?? messageOf(failure)}</p>}
        <Items items={list.items} onToggle={list.toggle} onRemove={list.remove} />
        <p className="news" role="status">{list.news}</p>
      </main>
    </div>
  );
}

function ConnectionState({ connection }: { connection: Connection }) {
  const label = { connecting: "Connecting…", live: "Live", ended: "Disconnected" }[connection];
  return <span className={`connection ${connection}`} role="status">{label}</span>;
}

function Progress({ items = [] }: { items: Item[] | undefined }) {
  const done = items.filter((item) => item.done).length;
  return (
    <div className="progress">
      <h1>Our list</h1>
      <p>{items.length === 0 ? "No items yet" : `${done} of ${items.length} completed`}</p>
      <progress aria-label="Completed items" value={done} max={items.length || 1} />
    </div>
  );
}

function NewItem({ onAdd }: { onAdd: (text: string) => void }) {
  const [text, setText] = useState("");
  return (
    <form
      className="new-item"
      onSubmit={(event) => {
        event.preventDefault();
        const trimmed = text.trim();
        if (trimmed) onAdd(trimmed);
        setText("");
      }}
    >
      <label className="unseen" htmlFor="new-item">New item</label>
      <input id="new-item" value={text} onChange={(event) => setText(event.target.value)} maxLength={200} placeholder="What needs to be done?" autoComplete="off" />
      <Button kind="primary" type="submit">Add</Button>
    </form>
  );
}

interface ItemsProps {
  items: Item[] | undefined;
  onToggle: (item: Item) => void;
  onRemove: (item: Item) => void;
}

function Items({ items, onToggle, onRemove }: ItemsProps) {
  if (items?.length === 0) return <p className="empty">Add your first item above.</p>;
  return (
    <ul className="items" aria-label="Items">
      {items?.map((item) => (
        <li key={item.id}>
          <label>
            <input type="checkbox" checked={item.done} onChange={() => onToggle(item)} />
            <span className="text">{item.text}</span>
          </label>
          <span className="author" title={`Added by ${item.addedBy.name}`}>
            <span className="unseen">Added by {item.addedBy.name}</span>
            <Avatar id={item.addedBy.id} name={item.addedBy.name} />
          </span>
          <button
            type="button"
            className="icon-button remove"
            aria-label={`Remove ${item.text}`}
            onClick={({ currentTarget }) => {
              focusNeighbor(currentTarget);
              onRemove(item);
            }}
          >
            <svg viewBox="0 0 24 24" aria-hidden="true"><path d="m7 7 10 10M17 7 7 17" /></svg>
          </button>
        </li>
      ))}
    </ul>
  );
}

// Keeps the keyboard focus near the button, which is about to disappear.
function focusNeighbor(button: HTMLElement) {
  const row = button.closest("li");
  const neighbor = row?.nextElementSibling ?? row?.previousElementSibling;
  neighbor?.querySelector<HTMLElement>(".remove")?.focus();
}
