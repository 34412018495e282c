import { QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import type { ReactNode } from 'react';
import { MemoryRouter } from 'react-router';
import { vi } from 'vitest';
import { keys } from '@/api/keys';
import type { SessionUser } from '@/api/model';
import { makeQueryClient } from '@/api/queryClient';
import { Theme } from '@/theme/Theme';

export const user = (...permissions: string[]): SessionUser => ({
  id: '0190a000-0000-7000-8000-000000000001', username: 'li.wei', tenant_id: '0190a000-0000-7000-8000-000000000009', tenant_name: 'Northwind',
  role: 'tenant_admin', permissions, language: 'en', totp_enabled: true, nickname: null, email: null,
});

export interface Answer {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** Stands in for the gateway: answers by "METHOD /path", and keeps what it was asked. */
export function gateway(answers: Record<string, Answer | ((request: Request) => Answer | Promise<Answer>)>) {
  const requests: Request[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    requests.push(request.clone());
    const key = `${request.method} ${new URL(request.url).pathname}`;
    const found = answers[key];
    const { status = 200, body, headers } = typeof found === 'function' ? await found(request) : (found ?? { status: 404, body: { code: 'test.not_found', title: key } });
    return new Response(body === undefined ? null : JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json', ...headers } });
  });
  return requests;
}

/** A part of the page as it runs: cache, theme, address; signed in when a user is given. */
export function show(content: ReactNode, { as, at = '/' }: { as?: SessionUser; at?: string } = {}) {
  const client = makeQueryClient();
  if (as) client.setQueryData(keys.session, { state: 'signed_in', user: as });
  const view = render(
    <QueryClientProvider client={client}>
      <Theme>
        <MemoryRouter initialEntries={[at]}>{content}</MemoryRouter>
      </Theme>
    </QueryClientProvider>,
  );
  return { client, ...view };
}
