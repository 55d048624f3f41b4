// The items of the list. They are loaded once, updated by the subscription, and changed before the
// server answers.
import { useMutation, useQuery } from "@tanstack/react-query";
import { useSubscription } from "@trpc/tanstack-react-query";
import { useState } from "react";
import { isLoggedOut, messageOf, queryClient, trpc } from "./api";
import type { Account, Change, Item } from "./app-router";

export type Connection = "connecting" | "live" | "ended";

interface Settings {
  user: Account;
  // Whether to subscribe to changes.
  isFollowing: boolean;
  // Called when the server no longer accepts the session.
  onLoggedOut: () => void;
}

export function useItems({ user, isFollowing, onLoggedOut }: Settings) {
  const [news, setNews] = useState("");
  const [failure, setFailure] = useState<string>();
  const items = useQuery(trpc.items.list.queryOptions());

  const subscription = useSubscription(
    trpc.items.changes.subscriptionOptions({}, {
      enabled: isFollowing,
      // During a break, another user may have logged in, in another window of this browser.
      onStarted: () => void queryClient.invalidateQueries(trpc.auth.whoAmI.queryFilter()),
      onData: ({ data: change }) => {
        apply(change);
        setNews((before) => newsOf(change, user) ?? before);
      },
      onError: (error) => isLoggedOut(error) && onLoggedOut(),
    }),
  );

  // Undoes an early change and shows the error.
  const failed = (error: unknown, _input: unknown, undo: (() => void) | undefined) => {
    undo?.();
    if (isLoggedOut(error)) onLoggedOut();
    else setFailure(messageOf(error));
  };
  const begin = (change: (items: Item[]) => Item[], undo: (items: Item[]) => Item[]) => {
    setFailure(undefined);
    update(change);
    return () => update(undo);
  };
  const add = useMutation(trpc.items.add.mutationOptions({
    onMutate: ({ id, text }) => begin((items) => [...items, { id, text, done: false, addedBy: user }], without(id)),
    onError: failed,
  }));
  const toggle = useMutation(trpc.items.toggle.mutationOptions({
    onMutate: ({ id, done }) => begin(tick(id, done), tick(id, !done)),
    onError: failed,
  }));
  const remove = useMutation(trpc.items.remove.mutationOptions({
    onMutate: ({ id }) => {
      const before = queryClient.getQueryData(KEY) ?? [];
      const index = before.findIndex((item) => item.id === id);
      return begin(without(id), (items) => items.toSpliced(index, 0, ...before.slice(index, index + 1)));
    },
    onError: failed,
  }));

  return {
    items: items.data,
    connection: CONNECTIONS[subscription.status],
    reconnect: subscription.reset,
    news,
    failure: items.error ? messageOf(items.error) : failure,
    add: (text: string) => add.mutate({ id: newId(), text }),
    toggle: ({ id, done }: Item) => toggle.mutate({ id, done: !done }),
    remove: ({ id }: Item) => remove.mutate({ id }),
  };
}

const KEY = trpc.items.list.queryKey();

const CONNECTIONS = { connecting: "connecting", pending: "live", idle: "ended", error: "ended" } as const satisfies Record<string, Connection>;

function update(change: (items: Item[]) => Item[]) {
  queryClient.setQueryData(KEY, (items) => items && change(items));
}

function apply(change: Change) {
  switch (change.type) {
    case "snapshot":
      // A late reply to the query may be older.
      void queryClient.cancelQueries({ queryKey: KEY });
      queryClient.setQueryData(KEY, change.items);
      break;
    case "added":
      // An item that exists was added here, and may have been changed since.
      update((items) => (items.some(({ id }) => id === change.item.id) ? items : [...items, change.item]));
      break;
    case "toggled":
      update(tick(change.item.id, change.item.done));
      break;
    case "removed":
      update(without(change.item.id));
  }
}

// Describes a change by somebody else, for the line below the list.
function newsOf(change: Change, user: Account): string | undefined {
  if (change.type === "snapshot") return undefined;
  const who = change.type === "added" ? change.item.addedBy : change.by;
  if (who.id === user.id) return undefined;
  const what = { added: "added", toggled: change.item.done ? "completed" : "reopened", removed: "removed" }[change.type];
  return `${who.name} ${what} “${change.item.text}”`;
}

function tick(id: string, done: boolean) {
  return (items: Item[]) => items.map((item) => (item.id === id ? { ...item, done } : item));
}

function without(id: string) {
  return (items: Item[]) => items.filter((item) => item.id !== id);
}

// Makes a unique id. `crypto.randomUUID` only exists over HTTPS.
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
