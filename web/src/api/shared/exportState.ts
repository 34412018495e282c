export const isPending = (state: string): boolean => state === 'waiting' || state === 'exporting';
export const isReady = (state: string): boolean => state === 'completed';
export const exportFile = (id: string): string => `/api/v1/report/exports/${encodeURIComponent(id)}/file`;
