import type { Pool, PoolInput } from '@/api/model';

/** What stands in a secret field that the service will not tell; sent back, it means "unchanged". */
export const hiddenSecret = '******';

export const poolFields = ['name', 'kind', 'folder.path', 's3.endpoint', 's3.region', 's3.bucket', 's3.access_key', 's3.secret_key', 's3.use_tls', 's3.lookup'] as const;

export interface PoolValues {
  name: string;
  kind: 'folder' | 's3';
  folder?: { path: string };
  s3?: { endpoint: string; region?: string; bucket: string; access_key: string; secret_key?: string; use_tls: boolean; lookup: 'path' | 'dns' };
}

export const emptyPool: PoolValues = { name: '', kind: 's3', s3: { endpoint: '', region: 'us-east-1', bucket: '', access_key: '', secret_key: '', use_tls: true, lookup: 'dns' } };

/** Form values of a pool that exists; its secret stays with the service. */
export function valuesOf(pool: Pool): PoolValues {
  if (pool.kind === 'folder' || !pool.s3) return { name: pool.name, kind: 'folder', folder: { path: pool.folder?.path ?? '' } };
  const { endpoint, region, bucket, access_key, use_tls, lookup } = pool.s3;
  return { name: pool.name, kind: 's3', s3: { endpoint, region, bucket, access_key, secret_key: hiddenSecret, use_tls, lookup: lookup === 'path' ? 'path' : 'dns' } };
}

/** Only the part of the chosen kind is sent, trimmed. */
export function inputOf(values: PoolValues): PoolInput {
  const name = values.name.trim();
  if (values.kind === 'folder') return { name, kind: 'folder', folder: { path: values.folder?.path.trim() ?? '' } };
  const s3 = values.s3!;
  return {
    name,
    kind: 's3',
    s3: {
      endpoint: s3.endpoint.trim(), region: s3.region?.trim() ?? '', bucket: s3.bucket.trim(), access_key: s3.access_key.trim(),
      secret_key: s3.secret_key || hiddenSecret, use_tls: s3.use_tls, lookup: s3.lookup,
    },
  };
}

/** Where a pool's bytes are, in one line. */
export const placeOf = (pool: Pool): string => pool.folder?.path ?? (pool.s3 ? `${pool.s3.use_tls ? 'https' : 'http'}://${pool.s3.endpoint}/${pool.s3.bucket}` : '');
