import { screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { beforeAll, describe, expect, it } from 'vitest';
import { keys } from '@/api/keys';
import { gateway, show, user } from '@/test/render';
import { SessionGate } from './SessionGate';

const session = 'GET /api/v1/identity/session';
const create = 'POST /api/v1/identity/session';
const nobody = { status: 401, body: { code: 'identity.session.none', detail: 'Sign in first.' } };

// The chunk is loaded beforehand, so that no wait of a test depends on the machine's load.
beforeAll(() => import('@/features/signin/SignInPage'), 120_000);

async function signIn() {
  await userEvent.type(await screen.findByTestId('username'), 'li.wei');
  await userEvent.type(screen.getByTestId('password'), 'secret');
  await userEvent.click(screen.getByTestId('sign-in'));
}

describe('signing in', () => {
  it('says one and the same thing for every wrong pair', async () => {
    gateway({ [session]: nobody, [create]: { status: 401, body: { code: 'identity.session.wrong', detail: 'no such user' } } });
    show(<SessionGate menu={[]} />);
    await signIn();
    expect(await screen.findByTestId('signin-wrong')).toHaveTextContent('Username or password is wrong');
    expect(screen.queryByText(/no such user/)).toBeNull();
    expect(screen.queryByTestId('signin-expired')).toBeNull();
  });

  it('says how long to wait after too many attempts', async () => {
    gateway({ [session]: nobody, [create]: { status: 429, body: { code: 'identity.session.backoff' }, headers: { 'Retry-After': '37' } } });
    show(<SessionGate menu={[]} />);
    await signIn();
    expect(await screen.findByTestId('signin-wait')).toHaveTextContent(/3[67] seconds/);
  });

  it.each([['totp_required', 'Verification code'], ['change_password', 'Choose a new password']])('goes on with %s', async (state, title) => {
    gateway({ [session]: nobody, [create]: { body: { state } } });
    show(<SessionGate menu={[]} />);
    await signIn();
    expect(await screen.findByRole('heading', { name: title })).toBeVisible();
  });

  it('ends at once when any call finds the session gone, and says that it expired', async () => {
    gateway({ [session]: nobody });
    const { client } = show(<SessionGate menu={[]} />, { as: user() });
    client.setQueryData(keys.pools, ['secret of the last user']);
    await client.fetchQuery({ queryKey: keys.session, staleTime: 0, queryFn: client.getQueryCache().find({ queryKey: keys.session })!.options.queryFn as never });
    expect(await screen.findByTestId('signin-expired')).toBeVisible();
  });

  it('forgets what the last user saw when a call is answered with 401', async () => {
    gateway({ [session]: nobody, 'GET /api/v1/storplus/pools': nobody });
    const { client } = show(<SessionGate menu={[]} />, { as: user() });
    client.setQueryData(keys.users, ['row']);
    const { storplus, unwrap } = await import('@/api/client');
    await client.fetchQuery({ queryKey: keys.pools, queryFn: () => unwrap(storplus.GET('/api/v1/storplus/pools')) }).catch(() => undefined);
    await waitFor(() => expect(client.getQueryData(keys.session)).toEqual({ state: 'signed_out', expired: true }));
    expect(client.getQueryData(keys.users)).toBeUndefined();
  });
});
