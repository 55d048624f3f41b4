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
    /** The first issue of each field of an invalid input. */
    fields?: { [field: string]: string };
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

/** Where to resume the stream. */
export interface After {
  /** The last event that the client has seen. tRPC's client sets it when it reconnects. */
  lastEventId?: string | null | undefined;
}

/** The id of an item. */
export interface ById {
  id: string;
}

/** A change of the list. */
export type Change = /** The whole list, which replaces the client's copy. */ {
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

/** The data of a login. */
export interface Credentials {
  email: string;
  password: string;
}

/** An item of the list. */
export interface Item {
  /** The client makes the id, so that an item has its key before the server knows it. */
  id: string;
  text: string;
  done: boolean;
  addedBy: Member;
}

/** A user, as the others see them. */
export interface Member {
  id: string;
  name: string;
}

/** An item to be added. */
export interface NewItem {
  /** The client makes the id. */
  id: string;
  text: string;
}

/** A new account. */
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

/** The visitor of the page. */
export interface Visitor {
  /** The current user, or null. */
  user: Account | null;
}

/** All procedures, by namespace and name. */
export type AppRouter = TRPCBuiltRouter<{ ctx: object; meta: object; errorShape: ErrorShape; transformer: false }, {
  auth: {
    /** Creates an account and logs its owner in. */
    signUp: MutationOf<SignUp, Account>;
    /** Logs a user in. */
    logIn: MutationOf<Credentials, Account>;
    /** Logs the user out in this browser. */
    logOut: MutationOf<void, undefined>;
    /** Ends this and all other sessions of the user. */
    logOutEverywhere: MutationOf<void, undefined>;
    /** Returns the current user, or null. */
    whoAmI: QueryOf<void, Visitor>;
  };
  items: {
    /** Returns all items, the oldest first. */
    list: QueryOf<void, Item[]>;
    /** Adds an item. */
    add: MutationOf<NewItem, Item>;
    /** Marks an item as done or as open. */
    toggle: MutationOf<Toggle, Item>;
    /** Removes an item. */
    remove: MutationOf<ById, undefined>;
    /** Streams the changes of the list. */
    changes: SubscriptionOf<After | void, Tracked<Change>>;
  };
}>;
