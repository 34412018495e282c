import { describe, expect, it } from 'vitest';
import type { Pool } from '@/api/model';
import { emptyPool, hiddenSecret, inputOf, placeOf, valuesOf } from './poolInput';

const s3: Pool = {
  id: '1', name: 'off', kind: 's3', state: 'available', created_at: '',
  s3: { endpoint: 's3.example.com', region: 'r', bucket: 'b', access_key: 'k', secret_key: '******', use_tls: true, lookup: 'path' },
};

describe('what is sent for a pool', () => {
  it('keeps the secret that the page never saw', () => expect(inputOf(valuesOf(s3)).s3?.secret_key).toBe(hiddenSecret));
  it('holds only the part of its kind, trimmed', () => {
    expect(inputOf({ ...emptyPool, name: ' nas ', kind: 'folder', folder: { path: ' /srv/pool ' } })).toEqual({ name: 'nas', kind: 'folder', folder: { path: '/srv/pool' } });
  });
});

it('a pool says where its bytes are', () => {
  expect(placeOf(s3)).toBe('https://s3.example.com/b');
  expect(placeOf({ ...s3, s3: null, folder: { path: '/srv/pool' } })).toBe('/srv/pool');
});
