// The page: the login for visitors, and the list for users.
import { QueryClientProvider, useQuery } from "@tanstack/react-query";
import { StrictMode, useCallback, useState } from "react";
import { createRoot } from "react-dom/client";
import { messageOf, queryClient, trpc } from "./api";
import { ListPage } from "./list-page";
import { Button } from "./parts";
import { WelcomePage } from "./welcome-page";
import type { Account } from "./app-router";

function App() {
  // Repeating this query keeps the session alive while the page is open. An open subscription does
  // not.
  const visitor = useQuery(trpc.auth.whoAmI.queryOptions(undefined, { refetchInterval: 600_000 }));
  const [notice, setNotice] = useState<string>();

  const enter = useCallback((user: Account) => {
    setNotice(undefined);
    queryClient.setQueryData(trpc.auth.whoAmI.queryKey(), { user });
  }, []);
  const leave = useCallback((farewell: string) => {
    setNotice(farewell);
    // A late reply to this query would log the user in again.
    void queryClient.cancelQueries(trpc.auth.whoAmI.queryFilter());
    queryClient.setQueryData(trpc.auth.whoAmI.queryKey(), { user: null });
    // The next user must not see data of this one.
    queryClient.removeQueries(trpc.items.pathFilter());
  }, []);

  if (visitor.isPending) return <p className="wait" role="status">Loading…</p>;
  if (visitor.isError) {
    return (
      <div className="wait" role="alert">
        <p>{messageOf(visitor.error)}</p>
        <Button onClick={() => visitor.refetch()}>Try again</Button>
      </div>
    );
  }
  const { user } = visitor.data;
  return user ? <ListPage user={user} onLeave={leave} /> : <WelcomePage notice={notice} onEnter={enter} />;
}

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queryClient}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
}
