import type { ServiceRow } from '@/api/model';

export interface MeasuredService extends Pick<ServiceRow, keyof ServiceRow> {
  /** Percent of one core; undefined until there are two reads of the same process. */
  cpu_percent?: number;
}

export interface Sample {
  at: number;
  items: MeasuredService[];
}

/** Turns the growing CPU time of each process into a share, against an earlier read of the same process. */
export function withCpu(items: ServiceRow[], at: number, before?: Sample): Sample {
  const seconds = before ? (at - before.at) / 1000 : 0;
  return {
    at,
    items: items.map((row) => {
      const earlier = before?.items.find((other) => other.name === row.name && other.process_id === row.process_id);
      if (!earlier || row.process_id === null || row.process_id === undefined) return row;
      if (seconds < 0.5) return { ...row, cpu_percent: earlier.cpu_percent };
      return { ...row, cpu_percent: Math.max(0, ((row.cpu_seconds - earlier.cpu_seconds) / seconds) * 100) };
    }),
  };
}
