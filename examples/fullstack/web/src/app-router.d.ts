// Generated from the router by velox-rpc, for tRPC 11. Do not edit it.
import type {
  TRPCBuiltRouter,
  TRPCDefaultErrorShape,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from "@trpc/server";

/** An issue of an invalid input. */
export interface FieldIssue {
  path: (string | number)[];
  message: string;
}

/** The shape of an error, with the fields that velox adds to `data`. */
export interface ErrorShape extends TRPCDefaultErrorShape {
  data: TRPCDefaultErrorShape["data"] & {
    /** The issues of an invalid input. */
    issues?: FieldIssue[];
    /** The `code` that the same error has over REST, if it is more precise. */
    tag?: string;
    /** The id of the request in the log. */
    requestId?: string;
  };
}

/** An event with an id. The client sends the id of the last event when it reconnects. */
export interface Tracked<T> {
  id: string;
  data: T;
}

type QueryOf<I, O> = TRPCQueryProcedure<{ input: I; output: O; meta: object; errorShape: ErrorShape }>;
type MutationOf<I, O> = TRPCMutationProcedure<{ input: I; output: O; meta: object; errorShape: ErrorShape }>;
type SubscriptionOf<I, O> = TRPCSubscriptionProcedure<{
  input: I;
  output: AsyncIterable<O, void, any>;
  meta: object;
  errorShape: ErrorShape;
}>;

/** An account, as its owner sees it. */
export interface Account {
  id: string;
  email: string;
  name: string;
}

/** Where to go on. */
export interface After {
  /** The last event that the client has seen. The client of tRPC fills it in when it connects again. */
  lastEventId?: string | null | undefined;
}

/** One item. */
export interface ById {
  id: string;
}

/** What happens to the list. */
export type Change = /** The whole list, which replaces what a client has. */ {
  type: "snapshot";
  items: Item[];
} | {
  type: "added";
  item: Item;
} | {
  type: "toggled";
  item: Item;
  by: Member;
} | {
  type: "removed";
  item: Item;
  by: Member;
};

/** Who logs in. */
export interface Credentials {
  email: string;
  password: string;
}

/** An item of the list. */
export interface Item {
  /** Made by the client, so that an item has its key before the server knows of it. */
  id: string;
  text: string;
  done: boolean;
  addedBy: Member;
}

/** Somebody, as the others see them. */
export interface Member {
  id: string;
  name: string;
}

/** An item to be added. */
export interface NewItem {
  /** Made by the client. */
  id: string;
  text: string;
}

/** Who opens an account. */
export interface SignUp {
  name: string;
  email: string;
  password: string;
}

/** Marks an item as done or as open. */
export interface Toggle {
  id: string;
  done: boolean;
}

/** What is known of a visitor. */
export interface Visitor {
  /** Who is logged in, or null. */
  user: Account | null;
}

/** All procedures, by namespace and name. */
export type AppRouter = TRPCBuiltRouter<{ ctx: object; meta: object; errorShape: ErrorShape; transformer: false }, {
  auth: {
    /** Opens an account, and logs its owner in. */
    signUp: MutationOf<SignUp, Account>;
    /** Logs somebody in. */
    logIn: MutationOf<Credentials, Account>;
    /** Logs the user out, in this browser. */
    logOut: MutationOf<void, undefined>;
    /** Logs the user out everywhere: ends this and all other sessions. */
    logOutEverywhere: MutationOf<void, undefined>;
    /** Tells who is logged in, if anybody is. */
    whoAmI: QueryOf<void, Visitor>;
  };
  items: {
    /** Returns all items, the oldest first. */
    list: QueryOf<void, Item[]>;
    /** Adds an item. */
    add: MutationOf<NewItem, Item>;
    /** Ticks an item off, or takes that back. */
    toggle: MutationOf<Toggle, Item>;
    /** Removes an item. */
    remove: MutationOf<ById, undefined>;
    /** Tells what happens to the list, live. */
    changes: SubscriptionOf<After | void, Tracked<Change>>;
  };
}>;
