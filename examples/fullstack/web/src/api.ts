// The typed client for the server's procedures. The server exports the types.
import { notifyManager, QueryClient } from "@tanstack/react-query";
import { createTRPCClient, httpBatchLink, httpSubscriptionLink, splitLink, TRPCClientError } from "@trpc/client";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import type { AppRouter } from "./app-router";

const url = "/trpc";

const client = createTRPCClient<AppRouter>({
  links: [
    splitLink({
      condition: (operation) => operation.type === "subscription",
      true: httpSubscriptionLink({ url }),
      false: httpBatchLink({ url, maxItems: 10 }),
    }),
  ],
});

// Updates the page in the same frame as the click.
notifyManager.setScheduler(queueMicrotask);

export const queryClient = new QueryClient({
  defaultOptions: {
    // The subscription reports changes, so queries need not be repeated.
    queries: { staleTime: Infinity, retry: (failures, error) => failures < 3 && !isServerError(error) },
  },
});

export const trpc = createTRPCOptionsProxy<AppRouter>({ client, queryClient });

export type ServerError = TRPCClientError<AppRouter>;

// Whether the server answered with an error. Otherwise the network failed.
function isServerError(error: unknown): error is ServerError {
  return error instanceof TRPCClientError && error.data != null;
}

export function isLoggedOut(error: unknown): boolean {
  return isServerError(error) && error.data?.code === "UNAUTHORIZED";
}

// The message about an error as a whole.
export function messageOf(error: unknown): string {
  if (!isServerError(error)) return "Could not reach the server. Check your connection and try again.";
  return error.data?.issues?.[0]?.message ?? error.message;
}

// The messages for the fields of a form.
export function issuesOf(error: unknown): Record<string, string> {
  return (isServerError(error) && error.data?.fields) || {};
}
