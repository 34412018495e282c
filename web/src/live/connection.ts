import { type HubConnection, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { callHeaders } from '@/api/headers';

/** Waits between attempts: soon at first, then every 15 s for as long as the page is open. */
export const retryDelay = (attempt: number): number => [0, 1_000, 3_000, 7_000][attempt] ?? 15_000;

export function liveConnection(): HubConnection {
  return new HubConnectionBuilder()
    .withUrl('/api/v1/owl/live', { headers: callHeaders('POST') })
    .withAutomaticReconnect({ nextRetryDelayInMilliseconds: ({ previousRetryCount }) => retryDelay(previousRetryCount) })
    .configureLogging(LogLevel.None)
    .build();
}
