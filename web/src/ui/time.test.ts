import { describe, expect, it } from 'vitest';
import { formatBytes, formatDuration, formatMicroseconds, formatTime, formatUptime, zoneText } from './time';

describe('times', () => {
  it('are shown in the zone of the viewer, without T and Z', () => {
    const at = new Date(2026, 10, 23, 9, 5, 7);
    expect(formatTime(at.toISOString())).toBe('2026-11-23 09:05:07');
  });
  it('that are missing or broken are a dash', () => expect([formatTime(null), formatTime('soon')]).toEqual(['–', '–']));
  it.each([[0, 'GMT+00:00'], [480, 'GMT+08:00'], [-210, 'GMT-03:30'], [345, 'GMT+05:45']])('zone of %i minutes', (minutes, text) => expect(zoneText(minutes)).toBe(text));
  it.each([
    ['2026-01-01T00:00:16Z', '16s'], ['2026-01-01T00:06:50Z', '06mins, 50s'], ['2026-01-01T01:02:03Z', '1hrs, 02mins, 03s'], ['2025-12-31T23:59:59Z', '0s'],
  ])('execution time until %s', (end, text) => expect(formatDuration('2026-01-01T00:00:00Z', end)).toBe(text));
  it('execution time of a task that runs counts until now', () => expect(formatDuration('2026-01-01T00:00:00Z', null, Date.parse('2026-01-01T00:00:05Z'))).toBe('5s'));
  it.each([[45, '45s'], [125, '2m 5s'], [7_500, '2h 5m'], [273_600, '3d 4h']])('uptime of %i s', (seconds, text) => expect(formatUptime('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:00:00Z') + seconds * 1000)).toBe(text));
});

describe('sizes', () => {
  it.each([[0, '0 B'], [1023, '1023 B'], [1536, '1.5 KiB'], [128 * 1024 * 1024, '128 MiB'], [null, '–']])('%s bytes', (bytes, text) => expect(formatBytes(bytes)).toBe(text));
  it.each([[812, '812 µs'], [12_800, '12.8 ms'], [450_000, '450 ms'], [2_340_000, '2.34 s']])('%i microseconds', (value, text) => expect(formatMicroseconds(value)).toBe(text));
});
