import { afterEach, describe, expect, it } from 'vitest';
import { gateway } from '@/test/render';
import { identity, unwrap } from './client';
import { callHeaders, csrfToken } from './headers';
import { ApiProblem } from './problem';

afterEach(() => {
  document.cookie = 'hyperbdr-csrf-console=; Max-Age=0';
  delete document.documentElement.dataset.surface;
});

describe('a call', () => {
  it('carries the token of its own surface when it changes something', () => {
    expect(csrfToken('a=1; hyperbdr-csrf-portal=p; hyperbdr-csrf-console=c%3D')).toBe('c=');
    document.documentElement.dataset.surface = 'portal';
    expect(csrfToken('a=1; hyperbdr-csrf-portal=p; hyperbdr-csrf-console=c')).toBe('p');
  });
  it('carries it only then', () => {
    document.cookie = 'hyperbdr-csrf-console=abc';
    expect(callHeaders('POST')).toEqual({ 'X-LANG': 'en', 'X-CSRF-Token': 'abc' });
    expect(callHeaders('get')).toEqual({ 'X-LANG': 'en' });
  });
  it('sends the headers with the request', async () => {
    document.cookie = 'hyperbdr-csrf-console=abc';
    const requests = gateway({ 'DELETE /api/v1/identity/session': { status: 204 } });
    await unwrap(identity.DELETE('/api/v1/identity/session'));
    expect(requests[0]?.headers.get('X-CSRF-Token')).toBe('abc');
    expect(requests[0]?.credentials).toBe('same-origin');
  });
  it('that is refused throws the problem', async () => {
    gateway({ 'GET /api/v1/identity/session': { status: 403, body: { code: 'x.forbidden', detail: 'No.', trace_id: 't' } } });
    await expect(unwrap(identity.GET('/api/v1/identity/session'))).rejects.toMatchObject({ code: 'x.forbidden', status: 403, traceId: 't' });
  });
  it('that reaches nobody says so', async () => {
    gateway({ 'GET /api/v1/identity/session': () => Promise.reject(new TypeError('Failed to fetch')) });
    await expect(unwrap(identity.GET('/api/v1/identity/session'))).rejects.toSatisfy((error: unknown) => error instanceof ApiProblem && error.code === 'network.unreachable');
  });
});
