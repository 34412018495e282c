import dayjs from 'dayjs';

/** A moment in the viewer's zone. */
export const formatTime = (value: string | null | undefined): string => {
  if (!value) return '–';
  const at = dayjs(value);
  return at.isValid() ? at.format('YYYY-MM-DD HH:mm:ss') : '–';
};

/** The viewer's zone as GMT+hh:mm. */
export function zoneText(offsetMinutes: number = -new Date().getTimezoneOffset()): string {
  const size = Math.abs(offsetMinutes);
  const two = (value: number) => String(value).padStart(2, '0');
  return `GMT${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** Time a task took: `16s`, `06mins, 50s`, `1hrs, 02mins, 03s`. */
export function formatDuration(from: string | null | undefined, to: string | null | undefined, now: number = Date.now()): string {
  if (!from) return '–';
  const total = Math.max(0, Math.floor(((to ? Date.parse(to) : now) - Date.parse(from)) / 1000));
  const two = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes, seconds] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  if (hours > 0) return `${hours}hrs, ${two(minutes)}mins, ${two(seconds)}s`;
  return minutes > 0 ? `${two(minutes)}mins, ${two(seconds)}s` : `${seconds}s`;
}

/** Time since a moment, short: `3d 4h`, `2h 5m`, `45s`. */
export function formatUptime(from: string | null | undefined, now: number): string {
  if (!from) return '–';
  const total = Math.max(0, Math.floor((now - Date.parse(from)) / 1000));
  const [days, hours, minutes] = [Math.floor(total / 86400), Math.floor(total / 3600) % 24, Math.floor(total / 60) % 60];
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${minutes}m`;
  return minutes > 0 ? `${minutes}m ${total % 60}s` : `${total}s`;
}

/** Length of one probe step: microseconds up to seconds. */
export function formatMicroseconds(microseconds: number): string {
  if (microseconds < 1000) return `${microseconds} µs`;
  if (microseconds < 1_000_000) return `${(microseconds / 1000).toFixed(microseconds < 100_000 ? 1 : 0)} ms`;
  return `${(microseconds / 1_000_000).toFixed(2)} s`;
}

export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '–';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [bytes, 0];
  for (; value >= 1024 && unit < units.length - 1; unit += 1) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`;
}
