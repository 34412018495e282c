import { useQueryClient } from '@tanstack/react-query';
import { createContext, type ReactNode, useContext, useEffect, useState } from 'react';
import { keys } from '@/api/keys';
import type { AuditEntry, SessionUser } from '@/api/model';
import { allows, permission } from '@/session/permissions';
import { applyAudit, applyTask, staleCollector } from './applyMessages';
import { liveConnection, retryDelay } from './connection';
import type { TaskMessage } from './messages';

export type LiveState = 'off' | 'connected' | 'reconnecting';

/** How long a cut is not mentioned, in milliseconds. */
const patience = 5_000;

const Context = createContext<LiveState>('off');
export const useLiveState = (): LiveState => useContext(Context);

/** Keeps one connection per signed-in page and writes what it hears into the query cache. */
export function LiveProvider({ user, children }: { user: SessionUser; children: ReactNode }) {
  const client = useQueryClient();
  const [state, setState] = useState<LiveState>('off');
  const listens = allows(user, permission.auditRead) || allows(user, permission.tasksRead);

  useEffect(() => {
    if (!listens) return;
    const connection = liveConnection();
    const read = staleCollector(client, 250);
    // What happened while the line was cut is read again; nothing is assumed.
    const catchUp = () => void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== keys.session[0] });
    let stopped = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let complaint: ReturnType<typeof setTimeout> | undefined;
    // The server ends a connection with the token that opened it, once a minute; only a cut that lasts is worth a word.
    const cut = () => {
      complaint ??= setTimeout(() => setState('reconnecting'), patience);
    };
    const joined = () => {
      clearTimeout(complaint);
      complaint = undefined;
      setState('connected');
    };

    connection.on('audit', (entry: AuditEntry) => read(applyAudit(client, entry)));
    connection.on('task', (message: TaskMessage) => read(applyTask(client, message)));
    connection.onreconnecting(cut);
    connection.onreconnected(() => {
      joined();
      catchUp();
    });
    connection.onclose(() => {
      if (stopped) return;
      cut();
      start(1);
    });

    const start = (attempt: number) => {
      timer = setTimeout(() => {
        connection.start().then(
          () => {
            joined();
            if (attempt > 0) catchUp();
          },
          () => {
            if (stopped) return;
            cut();
            // The server may have ended the session: the answer to this read tells.
            void client.invalidateQueries({ queryKey: keys.session });
            start(attempt + 1);
          },
        );
      }, retryDelay(attempt));
    };
    start(0);
    return () => {
      stopped = true;
      clearTimeout(timer);
      clearTimeout(complaint);
      void connection.stop();
    };
  }, [client, listens]);

  return <Context value={state}>{children}</Context>;
}
